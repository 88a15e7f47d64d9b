"""Whether prose is English, as far as letters and stop words tell."""

import re
from typing import Final

__all__ = ["foreign_words", "is_foreign_script"]

_MAX_OTHER_LETTERS: Final = 0.2
"""Share of letters outside the Latin alphabet in English prose: names, symbols, a Greek letter."""
_LATIN_END: Final = "\u024f"
_WORD: Final = re.compile(r"[^\W\d_]+")

_STOPS: Final = (
    "the of and to in is that for it as with on by this are be from or an which not at if when "
    "will can has have its into than then all each returns return given used using between whether"
)
_ENGLISH: Final = frozenset(_STOPS.split())
# Words that are frequent there and mean nothing in English or in code.
_OTHERS: Final = {
    "es": "el los las una del que por con para como más según este esta esto son está sus cada "
    "entre función devuelve recibe valor número lista cadena si",
    "pt": "uma das dos que por com para não são como mais pelo pela função retorna recebe valor "
    "número lista entre cada sua seu você",
    "fr": "le les des une du que qui dans pour avec est sont sur par pas cette ces aux fonction "
    "renvoie retourne valeur nombre liste selon entre chaque",
    "de": "der das und ist nicht ein eine einen einer mit von für auf dem den des wird werden sind "
    "oder aus bei nach gibt zurück funktion wert zahl liste als auch",
    "it": "il lo gli una dei della delle del che per con non sono come più questa questo funzione "
    "restituisce valore numero lista dato tra ogni nel",
    "nl": "de het een van en niet met voor op aan zijn wordt dat deze functie geeft waarde lijst "
    "getal als ook uit naar",
    "pl": "się nie jest dla oraz lub które który przez jako funkcja zwraca wartość liczba lista "
    "jeśli czy tego",
    "tr": "bir ve bu için ile olarak olan daha fonksiyon döndürür değer liste sayı değil eğer",
    "id": "yang dan untuk dengan dari ini adalah pada tidak akan fungsi nilai jika mengembalikan",
    "sv": "och att det som är för med inte den ett av på till funktion returnerar värde lista om",
    "vi": "và của là các cho một được không trong này hàm trả về giá trị số danh sách nếu",
    "ro": "și este care pentru din cu nu sunt pe o funcție returnează valoare număr listă dacă",
    "cs": "je se na že pro který nebo jako není funkce vrací hodnota číslo seznam pokud",
}
_FOREIGN: Final = {name: frozenset(words.split()) for name, words in _OTHERS.items()}
_ANY_FOREIGN: Final = frozenset[str]().union(*_FOREIGN.values())


def is_foreign_script(text: str) -> bool:
    """Whether too many of the letters are outside the Latin alphabet."""
    if text.isascii():
        return False
    letters = [char for char in text if char.isalpha()]
    others = sum(char > _LATIN_END for char in letters)
    return others > _MAX_OTHER_LETTERS * len(letters)


def foreign_words(text: str) -> list[str]:
    """Return the stop words of the most likely other language; none where English is likelier.

    Another language must have two different stop words in the text, and more than English has.
    """
    words = _WORD.findall(text.lower())
    if _ANY_FOREIGN.isdisjoint(words):
        return []
    english = sum(word in _ENGLISH for word in words)
    best: list[str] = []
    most = max(1, english)
    for stops in _FOREIGN.values():
        hits = [word for word in words if word in stops]
        different = sorted(set(hits))
        if len(different) >= 2 and len(hits) > most:
            best, most = different, len(hits)
    return best
