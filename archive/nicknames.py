"""Two-word names for people: ``brisk-otter`` is a program, ``calm-harbour`` is a run.

Names follow from the thing's identity, so that the same program has the same name in a fresh archive
everywhere. Programs are adjective-animal and runs adjective-landscape: a name says what it names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_ADJECTIVES = """
    able agile airy alert amber ample apt arctic ardent azure balmy beaming blithe blue bold bonny brave
    breezy bright brisk bronze bubbly calm candid careful caring cheerful chief chipper civil clean clear
    clever cosmic cosy crafty crimson crisp curious daily dainty dapper daring deep deft dewy direct dreamy
    driven eager early earnest easy elated emerald epic equal even exact fabled fair faithful famous fancy
    fast fearless festive fine firm fleet fluent flying fond frank free fresh frosty gallant gentle gifted
    glad gleaming glossy golden good graceful grand grassy great green hale handy happy hardy hazel hearty
    helpful high honest humble icy ideal indigo ivory jade jaunty jolly jovial joyful just keen kind
    large lasting lively lofty loyal lucid lucky lunar magic major marble mellow merry mighty mild mindful
    minty misty modest mossy native neat nimble noble novel olive open opal patient peppy placid plucky
    plum polite prime prompt proud pure quick quiet radiant rapid rare ready regal rosy round royal ruby
    rustic sage sandy scarlet serene sharp shiny silent silky silver simple sincere sleek smart smooth snowy
    snug social solar solid sonic sound spirited spry stable steady stellar still stout strong sturdy subtle
    sunny super supple sure swift tall tame teal tender tidy tough tranquil true trusty upbeat urbane valiant
    vast velvet verdant vivid warm wavy wise witty worthy young zesty zippy
    """
ADJECTIVES = tuple(_ADJECTIVES.split())
_ANIMALS = """
    adder albatross alpaca ant anteater antelope ape auk avocet badger barbet barracuda bass bat bear beaver
    bee beetle bison bittern boa bobcat bongo buffalo bulbul bunting bustard butterfly buzzard caiman camel
    canary caracal cardinal caribou carp cassowary cat catfish chamois cheetah chicken chinchilla chipmunk
    chough cicada civet cobra cockatoo cod condor coot coral cormorant cougar coyote crab crane cricket
    crossbill crow cuckoo curlew deer dingo dipper dodo dog dolphin donkey dormouse dotterel dove dragonfly
    duck dugong dunlin eagle echidna eel egret eider eland elephant elk emu ermine falcon ferret finch
    firefly flamingo flounder fossa fox frog fulmar gannet gazelle gecko gerbil gibbon giraffe gnu goat
    godwit goldfinch goose gopher gorilla grebe grouse guanaco gull guppy haddock halibut hamster hare
    harrier hawk hedgehog heron herring hippo hoopoe hornbill horse hummingbird hyena ibex ibis iguana impala
    jacana jackal jackdaw jaguar jay jellyfish kangaroo kea kestrel kingfisher kite kiwi koala kudu ladybird
    lapwing lark lemming lemur leopard limpet linnet lion lizard llama lobster loon loris lynx macaque macaw
    magpie mallard mammoth manatee mandrill mantis marlin marmot marten martin meerkat merlin mink minnow
    mole mongoose moose moth mouse mule mussel narwhal newt nightjar numbat nuthatch ocelot octopus
    okapi opossum orca oriole oryx osprey ostrich otter owl ox oyster panda pangolin panther parrot partridge
    peacock pelican penguin perch petrel pheasant pigeon pika pike pintail pipit platypus plover polecat pony
    porcupine porpoise possum prawn puffin puma python quail quokka rabbit raccoon ram raven ray redshank
    redstart reindeer rhino robin rook ruff salamander salmon sandpiper sardine scallop seahorse seal serval
    shark sheep shrew shrike shrimp siskin skate skink skua skunk sloth snail snipe sparrow spoonbill squid
    squirrel starfish starling stoat stork sturgeon swallow swan swift tamarin tanager tapir tarsier teal
    tern thrush tiger toad tortoise toucan trout tuna turbot turkey turtle viper vole vulture wagtail wallaby
    walrus warbler waxwing weasel whale wheatear whimbrel whippet wigeon wolf wolverine wombat woodpecker
    wren yak zebra zebu
    """
ANIMALS = tuple(_ANIMALS.split())
_LANDSCAPES = """
    abbey arbour archway atoll avenue bay bayou beach beacon bluff bridge brook bridle cabin canal canyon
    cape castle causeway cavern cliff coast cottage cove crater creek crossing dale dell delta desert dune
    estuary fen field fjord ford forest fountain garden garrison geyser glacier glade glen gorge grotto
    grove gulf hamlet harbour haven heath hedge highland hill hollow inlet island isthmus jetty jungle knoll
    lagoon lake landing lane ledge lighthouse loch lodge lookout mangrove manor marina market marsh meadow
    mesa mill moor mountain oasis ocean orchard outpost paddock pass pasture path pavilion peak peninsula
    pier pinnacle plain plateau plaza pond prairie quarry quay rapids ravine reef reservoir ridge river
    sanctuary savanna shoal shore skerry spring square steppe strait strand stream summit tarn terrace
    thicket tower trail tundra valley vale village vineyard viaduct wadi waterfall weir wharf willow wood
    """
LANDSCAPES = tuple(_LANDSCAPES.split())

_GIVEN = frozenset(ADJECTIVES)
_RESERVED = frozenset({"latest"})
"""What commands take for something else."""

_NICKNAME = re.compile(r"(?![0-9a-f]*\Z)[A-Za-z][A-Za-z0-9_.-]{0,63}")


def candidates(identity: str, nouns: tuple[str, ...]) -> Iterator[str]:
    """Yield names for an identity, best first and without end; later ones carry a number.

    Parameters
    ----------
    identity
        What the names follow from: a program's hash, a run's uid.
    nouns
        The second words: `ANIMALS` or `LANDSCAPES`.
    """
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{identity}/{attempt}".encode()).digest()
        first = ADJECTIVES[int.from_bytes(digest[:8], "big") % len(ADJECTIVES)]
        second = nouns[int.from_bytes(digest[8:16], "big") % len(nouns)]
        # Eight free draws find an unused pair while most are unused; then numbers keep names short.
        yield f"{first}-{second}" if attempt < 8 else f"{first}-{second}-{attempt - 6}"
        attempt += 1


def is_given_name(nickname: str, nouns: tuple[str, ...]) -> bool:
    """Whether a name is of those that `candidates` yields for some identity."""
    first, dash, rest = nickname.partition("-")
    second, numbered, number = rest.partition("-")
    plain = not numbered or (number.isascii() and number.isdecimal())
    return bool(dash) and plain and first in _GIVEN and second in nouns


def check_nickname(nickname: str) -> str:
    """Return the name if a person may give it to a run.

    Raises
    ------
    ValueError
        If it could be mistaken for a number, a hash or a path.
    """
    if not _NICKNAME.fullmatch(nickname):
        raise ValueError(
            f"the name {nickname!r} must begin with a letter, hold only letters (a to z), digits, '-', '_' "
            "and '.', at most 64 of them, and not look like a hash; choose one such as 'leduc-first-try'"
        )
    if nickname.lower() in _RESERVED:
        raise ValueError(f"the name {nickname!r} means the newest run; choose one such as 'leduc-first-try'")
    return nickname
