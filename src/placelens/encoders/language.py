"""Whether a short text is English, told offline by its script and its most common words.

A query is a few words, too few for statistics of letters. The tables hold function words and the
words that people ask for pictures with, in fifteen languages, without those that are English words
as well; anything else counts for English. So a foreign text of rare words passes, and an English
one is hardly ever held back.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["why_not_english"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_FOREIGN = {
    "German": """
        der die das und mit im auf ein eine einem einen einer bei von zu zum zur über unter für ist
        nicht ohne am vor hinter neben zwischen hund katze haus kirche strand berg berge fluss meer
        brücke schloss stadt straße strasse baum bäume wald blume blumen menschen leute kinder mann
        frau mädchen junge himmel sonnenuntergang schnee nacht alte altes alter rote rotes schwarzer
        weiße berge turm garten boot boote schiff zug auto fahrrad essen höhle felsmalereien
        felszeichnungen höhlenmalerei kathedrale dom hochzeit geburtstag weihnachten
    """,
    "French": """
        le les des du une et avec dans sur près chez aux est qui sous sans pour par entre chien chat
        maison église eglise plage montagne montagnes fleuve rivière mer pont château chateau ville
        rue arbre arbres forêt foret fleur fleurs gens enfants homme femme fille garçon ciel coucher
        soleil neige nuit vieille vieux rouge noir blanc tour jardin bateau voiture vélo repas
        cathédrale mariage anniversaire noël
    """,
    "Spanish": """
        el los las una y con en del por para sin sobre entre junto cerca es que perro gato casa
        iglesia playa montaña montana río mar puente castillo ciudad calle árbol bosque flor flores
        gente niños ninos hombre mujer niña niño cielo atardecer nieve noche vieja viejo rojo negra
        blanca torre jardín barco coche bicicleta comida catedral boda cumpleaños navidad
    """,
    "Italian": """
        il lo gli della dello delle degli nel nella sul sulla e con per senza sopra sotto vicino di
        cane gatto chiesa spiaggia montagna montagne fiume mare ponte castello città citta strada
        albero bosco fiore fiori gente bambini uomo donna ragazza ragazzo cielo tramonto neve notte
        vecchia vecchio rosso nero bianco giardino barca macchina bicicletta cibo duomo
        matrimonio compleanno natale
    """,
    "Portuguese": """
        os um uma e com em na no nas nos da dos das por sem sobre perto ao praia igreja cachorro cão
        gato casa montanha rio mar ponte castelo cidade rua árvore floresta pessoas crianças homem
        mulher menina menino céu pôr neve noite velha velho vermelho preto branco torre jardim
        barco carro comida catedral casamento aniversário
    """,
    "Dutch": """
        de het een en met op bij van voor naar zonder onder naast niet hond kat huis kerk strand
        berg bergen rivier zee brug kasteel straat boom bomen bos bloem bloemen mensen kinderen
        vrouw
        meisje jongen lucht zonsondergang sneeuw nacht oude rode zwarte witte toren tuin boot fiets
    """,
    "Swedish": """
        och med på av ett den det som för från inte hund katt hus kyrka strand berg flod hav bro
        slott stad gata träd skog blomma blommor människor barn kvinna flicka pojke himmel
        solnedgång snö natt gammal röd svart vit torn trädgård båt bil cykel
    """,
    "Danish": """
        og med på af et den det som fra ikke hund kat hus kirke strand bjerg flod hav bro slot by
        gade træ skov blomst mennesker børn mand kvinde pige dreng solnedgang sne nat gammel rød
        sort hvid tårn båd
    """,
    "Polish": """
        i w z na przy nad pod bez nie jest pies kot dom kościół plaża góra góry rzeka morze most
        zamek miasto ulica drzewo drzewa las kwiat kwiaty ludzie dzieci kobieta mężczyzna niebo
        zachód słońca śnieg noc stary czerwony czarny biały wieża ogród łódź
    """,
    "Czech": """
        a v ve na u s se pod nad bez není pes kočka dům kostel pláž hora hory řeka moře most hrad
        zámek město ulice strom stromy les květina lidé děti žena muž nebe západ slunce sníh noc
        starý červený černý bílý věž zahrada
    """,
    "Hungarian": """
        az egy és nem van kutya macska ház templom strand hegy hegyek folyó tenger híd kastély vár
        város utca fa fák erdő virág emberek gyerekek nő férfi naplemente hó éjszaka régi piros
        fekete fehér torony kert
    """,
    "Finnish": """
        ja ei on koira kissa talo kirkko ranta vuori joki meri silta linna kaupunki katu puu metsä
        kukka ihmisiä lapsia nainen mies taivas auringonlasku lumi yö vanha punainen musta valkoinen
        torni puutarha vene
    """,
    "Turkish": """
        ve bir ile için değil köpek kedi ev kilise cami plaj dağ dağlar nehir deniz köprü kale
        şehir sokak ağaç orman çiçek insanlar çocuk kadın adam gökyüzü gün batımı kar gece eski
        kırmızı siyah beyaz kule bahçe tekne
    """,
    "Indonesian": """
        dan di dengan yang untuk dari tidak anjing kucing rumah gereja pantai gunung sungai laut
        jembatan kota jalan pohon hutan bunga orang anak wanita pria langit matahari salju malam tua
        merah hitam putih menara taman perahu
    """,
    "Romanian": """
        și si cu pe la din fără nu este câine pisică casă biserică plajă munte munți râu mare pod
        castel oraș stradă copac pădure floare oameni copii femeie bărbat cer apus zăpadă noapte
        vechi roșu negru alb turn grădină barcă
    """,
}
_ENGLISH_WORDS = """
a an and are as at bar be boot by bus can casa cat dam day den die do dog dome el fair for from
gate gold hat has he her his hot i in is it its la las los man mare men met most no not of off
on one or pan path pier pod red road se sea she si slot so sort sound strand sun the this to
tour tower two under un up van via war was we were west white who with without woman you hand
land bank wand rose wind winter ski hotel restaurant park bad arm ring gift fast hell rock
house church beach mountain river bridge castle city street tree forest flower people children
girl boy sky sunset snow night old black big small water hill lake garden boat car bike food
la le rio mar bro by de da
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
"""English words that the tables have in another meaning, and those that a query is full of."""
# One word of a name may be foreign ("la jolla beach"), but few queries have two and no English one.
_ENOUGH = 2
_LATIN_SHARE = 0.5
_KEYS = re.compile("|".join(
    row[i : i + n] for row, n in (("qwertyuiop", 5), ("asdfghjkl", 4), ("zxcvbnm", 4))
    for i in range(len(row) - n + 1)
))  # fmt: skip
"""Neighbours on the keyboard."""
_SCRIPTS = ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "THAI", "HANGUL",
            "HIRAGANA", "KATAKANA", "CJK", "GEORGIAN", "ARMENIAN", "TAMIL", "TELUGU")  # fmt: skip


def why_not_english(text: str) -> str | None:
    """Say what a text seems to be instead of English; None when it may be English.

    Examples
    --------
    >>> why_not_english("an old church on a hill") is None
    True
    >>> why_not_english("eine alte Kirche am Fluss")
    'these words look German'
    >>> why_not_english("церковь у реки")
    'these words are in Cyrillic letters'
    >>> why_not_english("asdfgh qwrtzp")
    'these look like no words at all'
    """
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return None
    script = _script(words)
    if script is not None:
        return f"these words are in {script} letters"
    language = _language(words)
    if language is not None:
        return f"these words look {language}"
    if all(_is_gibberish(word) for word in words):
        return "these look like no words at all"
    return None


def _script(words: list[str]) -> str | None:
    """The script of most letters, where that is not the Latin one."""
    letters = "".join(words)
    foreign = [letter for letter in letters if letter > "\u036f" and not _is_latin(letter)]
    if len(foreign) <= _LATIN_SHARE * len(letters):
        return None
    name = unicodedata.name(foreign[0], "")
    found = next((script for script in _SCRIPTS if name.startswith(script)), "other")
    return {"CJK": "Chinese or Japanese", "other": "foreign"}.get(found, found.capitalize())


def _is_latin(letter: str) -> bool:
    return "LATIN" in unicodedata.name(letter, "") or "FULLWIDTH" in unicodedata.name(letter, "")


def _language(words: list[str]) -> str | None:
    """The foreign language that most words are of, where more are than are English."""
    english = sum(word in _ENGLISH for word in words)
    of = {name: sum(word in table for word in words) for name, table in _tables().items()}
    best = max(of, key=of.__getitem__)
    is_alone = len(words) == 1 and of[best] == 1 and len(words[0]) > 3
    if of[best] > english and (of[best] >= _ENOUGH or is_alone):
        return best
    return None


@cache
def _tables() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) - _ENGLISH for name, words in _FOREIGN.items()}


def _is_gibberish(word: str) -> bool:
    """Whether a word of four letters or more is none: no vowel, six consonants, a row of keys."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if c.isascii() and c.isalpha())
    if len(plain) < 4:
        return False
    runs = re.findall(r"[bcdfghjklmnpqrstvwxz]+", plain)
    is_mute = not re.search(r"[aeiouy]", plain) or max(map(len, runs), default=0) >= 6
    return is_mute or bool(_KEYS.search(plain)) or bool(re.search(r"(.)\1\1", plain))
