"""Words of releases, in the form of the other code lists."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

RELEASE_STATE = CodeList(
    "release_state",
    {
        "built": "waits for signatures",
        "signed": "signed, not published",
        "published": "published",
        "withdrawn": "withdrawn",
    },
)
AUDIENCE = CodeList("release_audience", {"public": "the public", "partners": "partners"})
WHY_HIDDEN = CodeList(
    "why_hidden",
    {
        "small": "too few people",
        "blocked": "a rare status by place",
        "dominance": "one receiver has most of the money",
        "complement": "too few people are left out",
        "differencing": "too small a change since an earlier release",
        "complementary": "so that another figure cannot be worked out",
        "stock": "a number of open cases can be worked back from those opened and decided",
        "not_decided": "depends on figures that are not in the release",
    },
)

LISTS = {"RELEASE_STATE": RELEASE_STATE, "AUDIENCE": AUDIENCE, "WHY_HIDDEN": WHY_HIDDEN}
