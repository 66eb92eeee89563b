"""The audit trail in words: what kinds of events are about, and why sealing stopped."""

from __future__ import annotations

from ibr.audit.seals.model import CHANGED, OTHER_CHAIN, ROLLED_BACK, UNREACHABLE
from ibr.codelists.code_list import CodeList

# The first part of each kind of event (audit/events.py).
GROUP = CodeList(
    "audit_group",
    {
        "act": "Acts that need two people",
        "agreement": "Agreements",
        "areas": "Areas",
        "audit": "The audit trail itself",
        "budget": "Budgets of questions",
        "calendar": "Reporting calendar",
        "callback": "Callbacks to partners",
        "case": "Cases",
        "check": "Exemptions from checks",
        "checks": "Runs of checks",
        "delivery": "Deliveries",
        "figures": "Figures",
        "file": "Files",
        "link": "Who is who",
        "officer": "Officers",
        "own_key": "Keys of the registry",
        "partner": "Partners",
        "person": "A person's own requests",
        "population": "Population figures",
        "programme": "Programmes",
        "programme_pair": "Programme pairs",
        "programme_rule": "Rules of programmes",
        "protected": "Protected people",
        "question": "Questions about people",
        "reference": "Reference amounts",
        "release": "Releases",
        "request": "Requests to be answered later",
        "retention": "Retention and erasure",
        "signature": "Signatures",
        "source": "Other registries",
        "subscription": "Subscriptions",
        "token": "Bearer tokens",
    },
)
ACTOR = CodeList(
    "audit_actor",
    {
        "officer": "Officer",
        "partner": "Partner",
        "person": "A person, about themself",
        "registry": "The registry itself",
    },
)
TROUBLE = CodeList(
    "audit_trouble",
    {
        ROLLED_BACK: "The anchor holds newer seals than the database. If a backup was restored, "
        "note it: ibr audit restored. If not, somebody rolled the database back.",
        CHANGED: "The last anchored seal is another one in the database. Find out where the trail "
        "breaks: ibr audit verify.",
        OTHER_CHAIN: "The anchor belongs to another registry. Look at IBR_ANCHOR_FILE.",
        UNREACHABLE: "The anchor cannot be written. Seals are made all the same, and added to it "
        "as soon as that works. Look at IBR_ANCHOR_FILE and its disk.",
    },
)
LISTS = {"AUDIT_GROUP": GROUP, "AUDIT_ACTOR": ACTOR, "AUDIT_TROUBLE": TROUBLE}
