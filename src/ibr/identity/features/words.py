"""Words that stand in a name without being one: titles, particles, words for son and daughter.

All in small Latin letters, as `names.latin` writes them; words of other scripts stand beside as
they are written, and are compared before they are transliterated.
"""

from __future__ import annotations

from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Titles that nobody is called by. Alone they say nothing, and nothing is compared.
TITLES: Final = _set(
    """
    mr mrs ms miss mister madam madame mme mlle mademoiselle monsieur dr doctor doc docteur prof
    professor eng engr ing arch adv atty capt col gen lt sgt maj sr sra srta senhor senhora dona
    don dom sir lady herr frau ato weyzero woizero woyzero wzro wzo wro weyzerit woizerit wzt wt
    shri sri shrimati smt kumari mzee bwana ndugu bibi mama baba late phd md.
    """
) | _set(
    """
    w/ro w/o w/rt w/t السيد السيدة الدكتور الدكتورة دكتور دكتورة الأستاذ الاستاذ الأستاذة
    الاستاذة المهندس አቶ ወይዘሮ ወ/ሮ ወይዘሪት ወ/ሪት ዶ/ር
    """
)
# Titles that some people are also called by: dropped beside another word, kept alone.
HONOURS: Final = _set(
    """
    haj hajj haji hadji hadj hajja hajjah hajiya hajia alhaji alhaj alhajj elhaj elhadj elhadji
    cheikh sheikh shaykh shaikh sheik sidi lalla moulay mulay mawlay ustadh ustaz imam mullah mulla
    maulana mallam malam mallama alfa qari qadi kadi sayyid syed rev reverend fr father pastor
    bishop deacon sister brother abba qes kes chief oba nana mosammat mst mosammet begum bibi khatun
    الحاج الحاجة الحاجه الشيخ الشيخة الإمام الامام سيدي مولاي لالة حاج حاجة شيخ
    """
)
# Short forms that clerks write for the most frequent of names.
SHORT: Final = {
    "md": "mohammed",
    "mhd": "mohammed",
    "mohd": "mohammed",
    "muhd": "mohammed",
    "mohmd": "mohammed",
    "ma": "maria",
    "abd": "abd",
}
PARTICLES: Final = _set(
    """
    al el ul ol il l as ash ad ar an at az aal ale ould wuld walad bat bou bu abu abou abi
    de da do dos das du des del della di dal la le les las los lo van von vander der den ter ten zu
    zum y e et und of the ال آل بو ابو أبو أبي ابي ولد
    """
)
# "Son of", "daughter of": what stands before is the person, what stands after the father.
DESCENT: Final = _set(
    "ben bin ibn bint binti binte bent beni s/o d/o son daughter بن ابن إبن بنت ابنة"
)
# "Wife of", "care of": what stands after is somebody else and no part of the person's name.
OF_ANOTHER: Final = _set("w/of c/o wife husband")
# "Servant of": no name without the word that follows.
SERVANT: Final = _set("abd abdul abdal abdel abdol abdur abdus abdu abdou abdoul عبد عبده عبدو")
SERVANT_JOINED: Final = ("abdul", "abdal", "abdel", "abdol", "abdoul")
# Words that begin with alif-lam without having the article.
NOT_THE_ARTICLE: Final = _set("الياس الهام الماس الماظ الطاف الفت")
# Letter by letter as it is mostly written in Latin; of the vowels only those that are letters.
ARABIC_LETTERS: Final = dict(
    zip(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىپچژڤگکیہھےںٹڈڑ",
        (
            *("a", "b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s", "sh", "s", "d", "t"),
            *("z", "a", "gh", "f", "q", "k", "l", "m", "n", "h", "w", "y", "a", "p", "ch", "j"),
            *("v", "g", "k", "y", "h", "h", "y", "n", "t", "d", "r"),
        ),
        strict=True,
    )
) | dict.fromkeys("ءئؤة", "")
