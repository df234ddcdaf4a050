"""Names of folders that hold a split: train, Training Data, seg_test, validierung, 测试集."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 60  # characters of a name that is looked at
_WORDS = {
    "train": "train training trainings trainieren trn tr ubung learn learning lern entrainement "
    "apprentissage entrenamiento entrenar entreno treino treinamento treinar addestramento "
    "allenamento trening treningowe treningowy uczace uczacy egitim traening oefenen "
    "trenink trenovaci antrenare latihan обучение обучающая обучающие тренировка тренировочная "
    "тренировочные трейн 训练 訓練 学習 トレーニング 훈련 학습 트레이닝",
    "val": "val valid validate validation validating validierung validierungs valideren validatie "
    "validering validacion validacao validazione validare walidacja walidacyjny walidacyjne "
    "validacni dev devel development dogrulama validasi валидация валидационная валидационные "
    "валид 验证 驗證 検証 검증 밸리데이션",
    "test": "test testing tests tst te testen tester testowy testowe testovaci prueba pruebas "
    "probar verifica teste testes prova essai essais pruf prufung uji "
    "тест тестовая тестовые тестирование проверка 测试 測試 テスト 테스트",
    "held": "eval evaluate evaluation evaluierung auswertung evaluacion avaliacao valutazione "
    "evaluatie ewaluacja holdout heldout held hold unseen degerlendirme оценка 评估 評価 평가",
}
_AROUND = (  # words that may be one with it, as in Trainingsdaten
    "set sets data dataset datasets datei dateien daten datensatz datensaetze datensatze satz "
    "menge bild bilder foto fotos photo photos image images img imgs image images pic pics "
    "sample samples split splits folder folders ordner dir files file all full final new original "
    "orig raw resized resize cropped crop small big large seg segmented partition subset part "
    "version class classes jpg jpeg png rgb gray grey out jeu jeux ensemble donnees conjunto datos "
    "dados imagenes imagens immagini dati insieme gegevens afbeeldingen zbior dane obrazy veri "
    "seti gambar kumesi выборка данные набор изображения папка 集 数据 數據 数据集 資料 資料集 "
    "图片 圖片 图像 用 データ データセット 画像 セット 데이터 세트 셋 이미지 용"
)
_ALONE = "the my our by de des du di la le les los las el et d l v s x n para для"
_NO_LABELS = "pred predict prediction predictions unlabeled unlabelled unlabel inference submission"


@dataclass(frozen=True)
class SplitName:
    """What the name of a folder says of a split.

    Attributes:
        split: `train`, `val`, `test`, or `held`: test, or validation where there is a test too.
        sure: whether the name says nothing else.
        rest: what else it says: `cats` of `cats_train`.
    """

    split: str
    sure: bool
    rest: str = ""


@lru_cache(maxsize=4096)
def split_name(name: str) -> SplitName | None:
    """The split that a folder of that name holds, None if it names none."""
    if len(name) > _LONGEST:
        return None
    words = _words(name)
    plain = [_plain(word) for word in words]
    splits = [match.lastgroup if (match := _WORD.fullmatch(word)) else None for word in plain]
    named = [split for split in splits if split]
    if named:
        split = next((split for split in named if split != "held"), "held")
        rest = [word for word, found in zip(words, splits, strict=True) if found != split]
        unknown = [
            word
            for word, found in zip(plain, splits, strict=True)
            if not found and not _BESIDE.fullmatch(word)
        ]
        return SplitName(split, not unknown, " ".join(rest))
    for word in plain:
        if match := _AT_AN_END.search(word):
            return SplitName(match.lastgroup or "", sure=False)
    return None


def has_no_labels(name: str) -> bool:
    """Whether a folder holds images nobody has labelled: predictions to be made."""
    return any(_plain(word) in _UNLABELLED for word in _words(name))


def _words(name: str) -> list[str]:
    """`trainImages` and `train_images` are two words."""
    name = unicodedata.normalize("NFC", name)
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


def _plain(word: str) -> str:
    """Small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _any_of(words: str) -> str:
    """A pattern of words, the longest first."""
    known = {_plain(word) for word in words.split()}
    return "|".join(sorted(map(re.escape, known), key=lambda word: (-len(word), word)))


_SPLITS = "|".join(f"(?P<{split}>{_any_of(words)})" for split, words in _WORDS.items())
_GLUED = rf"(?:{_any_of(_AROUND)}|\d)*"
_WORD = re.compile(rf"{_GLUED}(?:{_SPLITS})s?{_GLUED}")
_BESIDE = re.compile(rf"{_any_of(_AROUND + ' ' + _ALONE)}|\d[\dtz]*")
_AT_AN_END = re.compile(
    r"(?P<train>^train|train(ing)?(set|data|images)?$)"
    r"|(?P<val>^valid|val(id|idation)?(set|data|images)?$)"
    r"|(?P<test>^test|test(set|data|images)?$)"
)
_UNLABELLED = frozenset(_NO_LABELS.split())
