"""Names in zips as their makers wrote them, also where the zip does not say in which encoding.

A zip marks names written in UTF-8. Older tools write the code page of the machine instead, and
nothing in the zip says which. UTF-8 is recognised by its form; Info-ZIP's field 0x7075 holds the
name once more, in UTF-8 and with a checksum. Otherwise the code page is guessed: of those in
which all names of the zip can be read, the one whose letters are most likely.
"""

import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from core.datasets.letters import (
    ACCENTS,
    COMMON_HAN,
    COMMON_HANGUL,
    COMMON_LETTERS,
    NOT_FIRST,
    ONLY_LAST,
    RARE_LETTERS,
    VOWELS,
)

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
CODE_PAGES = {  # in the order in which they are preferred where two are as likely
    "cp437": "Western European",
    "cp850": "Western European",
    "cp1252": "Western European",
    "cp866": "Russian",
    "cp1251": "Russian",
    "gb18030": "Chinese, simplified",
    "cp932": "Japanese",
    "cp949": "Korean",
    "cp950": "Chinese, traditional",
    "cp852": "Central European",
    "cp1250": "Central European",
    "cp737": "Greek",
    "cp1253": "Greek",
    "cp857": "Turkish",
    "cp1254": "Turkish",
    "cp862": "Hebrew",
    "cp1255": "Hebrew",
    "cp1256": "Arabic",
    "cp720": "Arabic",
    "cp874": "Thai",
    "cp775": "Baltic",
    "cp1257": "Baltic",
    "cp1258": "Vietnamese",
    "koi8-r": "Russian",
    "euc_jp": "Japanese",
}
_FIRST_LEVEL = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "shift_jis": (0x88, 0x97)}
_MIXED, _CAPITAL_INSIDE, _MISPLACED = -4.0, -4.0, -4.0  # what speaks against it, as logarithms
_CAPITAL, _OTHER_ACCENT, _LATER_PAGE = -0.6, -7.0, -0.03
_ASCII, _ASCII_SYMBOL = -2.5, -5.0
_SYMBOL, _RARE_HAN, _UNUSUAL = -13.0, -13.0, -9.0
_NEVER = -1e6


def decoded(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """The names of the entries of a zip, and the code page if it had to be guessed.

    Returns:
        a name for each entry, and a key of `CODE_PAGES`, or an empty string where all is sure.
    """
    names = [_certain(info) for info in infos]
    unsure = [_raw(info) for info, name in zip(infos, names, strict=True) if name is None]
    page = guess(unsure) if unsure else ""
    return [
        _raw(info).decode(page) if name is None else name
        for info, name in zip(infos, names, strict=True)
    ], page


def _certain(info: zipfile.ZipInfo) -> str | None:
    """The name where the zip says it, None where it must be guessed."""
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    raw = _raw(info)
    if (name := _unicode_path(info.extra, raw)) is not None:
        return name
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _raw(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437").partition(b"\0")[0]


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in the field 0x7075, unless it belongs to another name."""
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(content) == size > 5 and content[0] == 1:
            if int.from_bytes(content[1:5], "little") != zlib.crc32(raw):
                continue
            try:
                return content[5:].decode("utf-8")
            except UnicodeDecodeError:
                continue
    return None


def guess(names: Iterable[bytes]) -> str:
    """The code page in which names are most likely written; a key of `CODE_PAGES`.

    Every part of a path counts once, however many files lie in it.
    """
    names = list(names)
    split = b"/" if any(b"/" in name for name in names) else b"\\"  # in odd zips
    parts = list(dict.fromkeys(part for name in names for part in name.split(split)))
    parts = [part for part in parts if not part.isascii()]
    scores = {page: _likelihood(parts, page) for page in CODE_PAGES}
    return max(scores, key=scores.__getitem__)  # the first of several that are as likely


def _likelihood(parts: Sequence[bytes], page: str) -> float:
    """The logarithm of how likely the parts of paths are in a code page."""
    try:
        texts = [part.decode(page) for part in parts]
    except UnicodeDecodeError:
        return _NEVER
    accents = [letter for text in texts for letter in text if _is_accented(letter)]
    later = _LATER_PAGE * list(CODE_PAGES).index(page) * sum(map(len, texts))
    return sum(_of_part(text, page) for text in texts) + _of_accents(accents) + later


def _is_accented(letter: str) -> bool:
    return not letter.isascii() and letter.isalpha() and _script(letter) == "LATIN"


def _of_accents(letters: Sequence[str]) -> float:
    """Of the alphabet that suits them best; the commonest languages come first."""
    if not letters:
        return 0.0
    return max(
        sum(likely if letter.lower() in known else _OTHER_ACCENT for letter in letters)
        for known, likely in ACCENTS.items()
    )


def _of_part(part: str, page: str) -> float:
    total = 0.0
    for word in part.split(" "):
        total += sum(_of_letter(letter, page) for letter in word if not _is_accented(letter))
        total += _CAPITAL * sum(letter.isupper() and not letter.isascii() for letter in word)
        total += _MISPLACED * (word[:1] in NOT_FIRST)
        total += _MISPLACED * (len(word) > 2 and word.isalpha() and _has_no_vowel(word))
        for left, right in pairwise(word):
            if left.isascii() and right.isascii() or not _in_words(left) or not _in_words(right):
                continue
            total += _CAPITAL_INSIDE * (left.islower() and right.isupper())
            total += _CAPITAL * (left.isupper() and right.isupper())
            total += _MISPLACED * (left in ONLY_LAST)
            total += _MIXED * (_script(left) != _script(right))
    return total


def _has_no_vowel(word: str) -> bool:
    """Whether it is Cyrillic and cannot be spoken."""
    return all(_script(letter) == "CYRILLIC" and letter.lower() not in VOWELS for letter in word)


def _in_words(letter: str) -> bool:
    return letter.isalpha() or unicodedata.combining(letter) > 0 or _is_thai(letter)


@lru_cache(maxsize=4096)
def _of_letter(letter: str, page: str) -> float:
    if letter.isascii():
        return _ASCII if letter.isalnum() or letter in "._- ()" else _ASCII_SYMBOL
    if "\N{HANGUL SYLLABLE GA}" <= letter <= "\N{HANGUL SYLLABLE HIH}":
        if letter in COMMON_HANGUL:
            return -5.4
        return -8.5 if _can_write(letter, "euc_kr") else -14.0
    if "\N{HIRAGANA LETTER SMALL A}" <= letter <= "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}":
        return -4.2 if page in ("cp932", "euc_jp") else -8.0
    if unicodedata.name(letter, "").startswith("CJK UNIFIED"):
        return _of_han(letter, page)
    if not _in_words(letter):
        return _SYMBOL
    if letter in COMMON_LETTERS:
        return -3.4
    if letter in RARE_LETTERS:
        return -4.8
    return _UNUSUAL


def _of_han(letter: str, page: str) -> float:
    if letter in COMMON_HAN:
        return -6.2
    family = {"cp932": "shift_jis", "euc_jp": "shift_jis", "cp950": "big5"}.get(page, "gb2312")
    if page == "cp949" or not _can_write(letter, family):
        return _RARE_HAN
    low, high = _FIRST_LEVEL[family]
    return -8.6 if low <= letter.encode(family)[0] <= high else -11.5


def _can_write(letter: str, page: str) -> bool:
    try:
        letter.encode(page)
    except UnicodeEncodeError:
        return False
    return True


def _is_thai(letter: str) -> bool:
    return "\N{THAI CHARACTER KO KAI}" <= letter <= "\N{THAI CHARACTER KHOMUT}"


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    """Latin, Cyrillic, …; signs that Chinese, Japanese and Korean mix freely are one."""
    name = unicodedata.name(letter, "").split(" ")[0]
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA") else name
