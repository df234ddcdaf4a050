"""How the classes of ImageNet are grouped: kinds of WordNet, in the words of everyday.

Data for `core.models.transfer.class_list`.
"""

# A synset of WordNet 3.0 and the group of what is a kind of it; the first that fits counts.
GROUPS: tuple[tuple[str, str], ...] = (
    ("n02092468", "animal/dog/terrier"),
    ("n02087551", "animal/dog/hound"),
    ("n02101108", "animal/dog/spaniel"),
    ("n02099029", "animal/dog/retriever"),
    ("n02098550", "animal/dog/pointer or setter"),
    ("n02104523", "animal/dog/shepherd dog"),
    ("n02103406", "animal/dog/other working dog"),
    ("n02085374", "animal/dog/toy dog"),
    ("n02111626", "animal/dog/spitz"),
    ("n02084071", "animal/dog/other dog"),
    ("n02118333", "animal/wild dog/fox"),
    ("n02114100", "animal/wild dog/wolf"),
    ("n02083346", "animal/wild dog/other wild dog"),
    ("n02121808", "animal/cat/domestic cat"),
    ("n02127808", "animal/cat/big cat"),
    ("n02120997", "animal/cat/other wild cat"),
    ("n02131653", "animal/other mammal/bear"),
    ("n02441326", "animal/other mammal/weasel family"),
    ("n02484322", "animal/ape or monkey/monkey"),
    ("n02469914", "animal/ape or monkey/ape or lemur"),
    ("n02370806", "animal/other mammal/hoofed animal"),
    ("n02329401", "animal/other mammal/rodent"),
    ("n02323449", "animal/other mammal/rabbit or hare"),
    ("n02062017", "animal/other mammal/sea mammal"),
    ("n01871875", "animal/other mammal/marsupial or monotreme"),
    ("n01861778", "animal/other mammal/other"),
    ("n01525720", "animal/bird/songbird"),
    ("n01844917", "animal/bird/water bird"),
    ("n01789386", "animal/bird/fowl"),
    ("n01816887", "animal/bird/parrot"),
    ("n01604330", "animal/bird/bird of prey"),
    ("n01621127", "animal/bird/bird of prey"),
    ("n01503061", "animal/bird/other bird"),
    ("n01726692", "animal/reptile/snake"),
    ("n01674464", "animal/reptile/lizard"),
    ("n01662784", "animal/reptile/turtle"),
    ("n01661091", "animal/reptile/other reptile"),
    ("n01627424", "animal/amphibian"),
    ("n02512053", "animal/fish"),
    ("n02274259", "animal/insect/butterfly"),
    ("n02164464", "animal/insect/beetle"),
    ("n02159955", "animal/insect/other insect"),
    ("n01769347", "animal/spider or scorpion"),
    ("n01974773", "animal/sea creature/crab, lobster or other crustacean"),
    ("n01940736", "animal/sea creature/snail or other mollusc"),
    ("n01905661", "animal/sea creature/other invertebrate"),
    ("n00015388", "animal/other animal"),
    ("n12992868", "plant or fungus/fungus"),
    ("n00007846", "person"),
    ("n07707451", "food/vegetable"),
    ("n07705931", "food/fruit"),
    ("n07881800", "food/drink"),
    ("n07679356", "food/bread"),
    ("n07557434", "food/dish"),
    ("n13134947", "plant or fungus/seed or fruit"),
    ("n11665372", "plant or fungus/flower"),
    ("n00021265", "food/other food"),
    ("n07555863", "food/other food"),
    ("n03800933", "thing/musical instrument"),
    ("n02958343", "vehicle/car"),
    ("n04490091", "vehicle/truck or van"),
    ("n04530566", "vehicle/ship or boat"),
    ("n02686568", "vehicle/aircraft"),
    ("n04468005", "vehicle/train"),
    ("n03896233", "vehicle/train"),
    ("n03684823", "vehicle/train"),
    ("n03791235", "vehicle/other motor vehicle"),
    ("n04524313", "vehicle/other vehicle"),
    ("n04019101", "vehicle/other vehicle"),
    ("n03405725", "thing/furniture"),
    ("n02876657", "thing/container/bottle"),
    ("n03051540", "thing/clothing/garment"),
    ("n03502509", "thing/clothing/hat"),
    ("n03497657", "thing/clothing/hat"),
    ("n03380867", "thing/clothing/shoe"),
    ("n02778669", "thing/sport or game/ball"),
    ("n03414162", "thing/sport or game/equipment"),
    ("n04285146", "thing/sport or game/equipment"),
    ("n03964744", "thing/sport or game/toy"),
    ("n04565375", "thing/weapon or armour"),
    ("n02739668", "thing/weapon or armour"),
    ("n03278248", "thing/electronics"),
    ("n03082979", "thing/electronics"),
    ("n02729837", "thing/household/appliance"),
    ("n03101986", "thing/household/kitchenware"),
    ("n04516672", "thing/household/kitchenware"),
    ("n04381994", "thing/household/kitchenware"),
    ("n04437953", "thing/clock or watch"),
    ("n03733925", "thing/measuring instrument"),
    ("n04202417", "building or structure/shop"),
    ("n03953020", "building or structure/shop"),
    ("n02913152", "building or structure/building"),
    ("n03327234", "building or structure/wall or fence"),
    ("n04341686", "building or structure/other structure"),
    ("n04081844", "thing/tool or device/fastener or lock"),
    ("n04451818", "thing/tool or device/tool"),
    ("n03563967", "thing/tool or device/tool"),
    ("n03094503", "thing/container/other container"),
    ("n03309808", "thing/household/fabric"),
    ("n04447443", "thing/household/toiletry"),
    ("n03122748", "thing/other covering"),
    ("n03183080", "thing/tool or device/device"),
    ("n03574816", "thing/tool or device/device"),
    ("n00021939", "thing/other thing"),
    ("n09287968", "landscape"),
    ("n00001740", "thing/other thing"),
)
# Groups of classes that WordNet has elsewhere.
_ELSEWHERE: dict[str, str] = {
    "animal/bird/fowl": "n01514668 n01514859",
    "animal/fish/shark or ray": "n01484850 n01491361 n01494475 n01496331 n01498041",
    "animal/other animal": "n01768244 n01784675 n01924916 n01930112",
    "animal/other mammal/bear": "n02510455",
    "animal/other mammal/elephant": "n01871265 n02504013 n02504458",
    "animal/other mammal/marsupial or monotreme": "n01877812 n01882714 n01883070",
    "animal/sea creature/jellyfish, coral or anemone": "n01910747 n01914609 n01917289",
    "building or structure/bridge": "n04311004 n04366367 n04532670",
    "building or structure/building": "n02980441 n03697007 n04005630 n04613696",
    "building or structure/other structure": (
        "n02825657 n03220513 n03240683 n03933933 n04296562 n04417672 n04435653 n04523525"
    ),
    "food/dessert": "n07613480 n07614500 n07615774",
    "food/dish": "n07583066 n07711569 n07831146 n07871810",
    "food/vegetable": "n12144580 n13133613",
    "plant or fungus/fungus": "n07734744",
    "plant or fungus/other plant": "n07802026",
    "thing/book, sign or screen": (
        "n06359193 n06596364 n06785654 n06794110 n06874185 n07248320 n07565083"
    ),
    "thing/camera or optical device": (
        "n02841315 n03657121 n03692522 n03976467 n04069434 n04485082"
    ),
    "thing/clothing/accessory": (
        "n02865351 n02883205 n02910353 n03026506 n03325584 n03476684 n03724870 n03775071 "
        "n03814906 n04229816 n04254777 n04325704 n04355933 n04356056 n04584207 n04591157"
    ),
    "thing/clothing/garment": "n03045698",
    "thing/clothing/hat": (
        "n02807133 n02817516 n02869837 n03124170 n03127747 n03379051 n03787032 n03929855 "
        "n04209133 n04259630"
    ),
    "thing/electronics": (
        "n02977058 n03492542 n03691459 n03759954 n03793489 n03924679 n04009552 n04041544 "
        "n04074963 n04152593 n04264628 n04404412 n04505470"
    ),
    "thing/household/appliance": "n03271574 n04040759 n04265275 n04330267",
    "thing/household/bathroom": "n02808440 n04254120 n04493381 n04553703",
    "thing/household/kitchenware": (
        "n02823750 n02951585 n03062245 n03063599 n03109150 n03259280 n03443371 n03633091 "
        "n03733805 n03775546 n03950228 n04131690 n04332243 n04476259 n07579787 n07930864"
    ),
    "thing/household/other": (
        "n02843684 n02948072 n03347037 n03637318 n03887697 n04201297 n04589890 n04590129 n15075141"
    ),
    "thing/household/textile": (
        "n02808304 n02834397 n03207743 n03223299 n03485794 n03938244 n03998194 n04033995 "
        "n04209239 n04525038 n04599235"
    ),
    "thing/other thing": "n02892201 n03530642 n03733281 n03788365 n03961711 n04149813",
    "thing/sport or game/equipment": (
        "n03873416 n03888257 n04019541 n04023962 n04039381 n04228054 n04251144"
    ),
    "thing/sport or game/toy": "n02966193 n03944341",
    "thing/tool or device/device": "n03065424 n03459775",
    "thing/tool or device/tool": "n02666196 n02966687 n04238763",
    "thing/tool or device/writing": (
        "n02783161 n02840245 n03388183 n03876231 n03908618 n03908714 n04033901 n04116512"
    ),
    "thing/weapon or armour": "n02895154 n02916936 n03467068 n03527444 n03773504 n04141327",
    "vehicle/aircraft": "n04266014",
    "vehicle/bicycle or motorcycle": (
        "n02835271 n03785016 n03791053 n03792782 n04482393 n04509417"
    ),
    "vehicle/bus": "n03769881 n04146614 n04487081",
    "vehicle/cart": "n02797295 n03538406 n03599486 n03868242 n04204347",
    "vehicle/military vehicle": "n02704792 n03478589 n04389033",
    "vehicle/sled or snow vehicle": "n02860847 n03218198 n04252077",
    "vehicle/train": "n03393912 n03895866 n04335435",
    "vehicle/truck or van": "n02701002 n03770679 n04252225",
    "vehicle/work vehicle": "n03126707 n03384352 n03496892 n04428191 n04465501",
}
MOVED = {wnid: path for path, ids in _ELSEWHERE.items() for wnid in ids.split()}
