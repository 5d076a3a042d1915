"""Words of a question that say what kind of answer is wanted, not what it is about; general lists of both languages."""

from __future__ import annotations

from genesis_rag.text.patterns import lazy

ENGLISH: frozenset[str] = frozenset(
    """
    a an the and or but nor if than then so as of to in into on onto at by for from with without about over under
    between among during after before since until through per via upon within against
    is are was were be been being am do does did done have has had having will would can could shall should may might
    must this that these those there here it its it's they them their theirs he him his she her hers we our ours you
    your yours i my mine me one ones
    what which who whom whose when where why how whether
    not no yes any some all both each every either neither such own same other another more most much many very also
    just only too even still yet again ever let's lets don't doesn't didn't isn't aren't wasn't weren't won't can't
    hasn't haven't hadn't wouldn't couldn't shouldn't what's who's where's when's how's that's there's
    please tell explain describe say know kindly thanks thank hello hi
    """.split()
)
"""English words that carry no subject."""

ENGLISH_WEAK: frozenset[str] = frozenset(
    """
    give list name show find mention state define summarize summarise compare get got make made take took use used
    called known mean meaning kind kinds type types sort example examples according regarding concerning
    document documents text passage article question answer information detail details
    """.split()
)
"""English words that may be the subject, but in a question mostly are not."""

_REQUEST = (
    "(?:下さい|ください|下さる|くださる|くれ|もらえ|貰え|もらい|いただけ|頂け|いただき|頂き|ほしい|欲しい|ちょうだい|お?願い)"
    "(?:ます|ません|ない|る|たい|です|でしょう|しょう|でし|いただけ|致し|いたし|し)*か?"
)
_ASKING = (
    f"(?:教え|おしえ|答え|挙げ|あげ|述べ|示し|説明し|紹介し|列挙し|要約し|まとめ|比較し|聞かせ|知らせ)て(?:{_REQUEST})?"
    f"|(?:ご|御)(?:教示|説明|回答|紹介){_REQUEST}|(?:ご存[知じ]|御存[知じ])(?:です|でしょう)?か?|知りたい(?:です|の)?"
    f"|(?:教え|答え|挙げ|述べ|説明せ|列挙せ)よ"
)
_INTERROGATIVE = (
    "どのよう[なに]?|どういった|どういう|どうやって|どうして|どうなって|どれくらい|どれぐらい|どのくらい|どのぐらい|どれほど|どなた|どちら|どんな|"
    "どこ|どの|どれ|どう|いくら|いくつ|いつ|なぜ|なに|なん(?=[でのとかに])|だれ|何故|何時(?=[ですごか])|何処|何|誰|如何"
)
_ENDING = (
    "(?:という|といった)?(?:の|ん|もの|こと)?(?:です|でしょう|でした|でしたでしょう|だろう|だった|であった|であろう|である|ます|ました|"
    "ません|ませんでした)(?:か|の|ね|よ)*(?=[\\s?。.!]|$)|とは(?=[\\s?。、.!]|$)|って(?=[\\s?。、.!]|$)|か(?=[\\s?。.!]|$)"
)
_ABOUT = (
    "について(?:は|の)?|に関して(?:は)?|に関する|に対して(?:は)?|における|において(?:は)?|によると|によれば|として(?:は)?"
    "|ということ"
)

JAPANESE_PHRASES = lazy("|".join((_ASKING, _INTERROGATIVE, _ENDING, _ABOUT)))
"""What is cut out of a folded Japanese question before its terms are made."""

_FUNCTION_MORPHEMES = """
です でした でしょう ます ました ません まして だった だろう である であり であった であって であろう
する した して しない します しました され される された されて されている させる させた せる
いる いた いて います いました おり おります ある あった あり あって あります ない なかった なく なくて
なる なった なって なり なります れる られる れた られた れて られて
こと もの ところ ため ために ための とき ときに よう ような ように ようだ そう その この あの それ これ あれ ここ そこ
から まで より など なども だけ のみ しか ほど くらい ばかり でも では には とは への との での
からの までの にも とも のに ので
について における において によって により による として とした とする という といった ということ に対する に関する
また または および ならびに さらに しかし そして ただし なお ほか もと うち
できる できた できない られる ください いつ どこ だれ なに なぜ どの どれ どう
のは のが のを もの がある がいる をした にした になる となる であるが であるため しており している
していた となった となっている になった
のち まま たち それぞれ たが たの たため るため ること るもの たこと たもの
""".split()
_BEFORE_PARTICLE = "れこらのきめうちたるりくいて"
_PARTICLES = "はがをにのもとでへや"
HIRAGANA_FUNCTION: frozenset[str] = frozenset(
    {word[place : place + 2] for word in _FUNCTION_MORPHEMES for place in range(len(word) - 1)}
    | {before + particle for before in _BEFORE_PARTICLE for particle in _PARTICLES}
)
"""Hiragana pairs of particles, auxiliaries and the like."""
