"""What a training row is about: one of Magicoder's ten topics, told by words.

Magicoder (arXiv 2312.02120, figure 4) put its rows into ten hand-made topics by the nearest
embedding. Ours is plainer, so that anyone can see why a row is where it is: each topic has a list
of words; the one of which the row has most wins. A word of the instruction counts three times, one
of the response once, each word once however often it stands there. Ties go to the earlier topic of
the table, nothing found to `other`. It is a rough sorting, not a measurement.
"""

import re

__all__ = ["OTHER", "TOPICS", "topic"]

OTHER = "other"
_IN_INSTRUCTION, _IN_RESPONSE = 3, 1

TOPICS: dict[str, frozenset[str]] = {
    name: frozenset(listed.split())
    for name, listed in {
        "algorithms and data structures": (
            "algorithm array arrays binary bubble dijkstra dynamic graph graphs greedy heap"
            " linked node nodes palindrome permutation permutations prefix queue recursion"
            " recursive search searching sort sorted sorting stack subarray substring swap"
            " traversal traverse tree trees trie vertex vertices"
        ),
        "mathematics": (
            "algebra area arithmetic average binomial circle coefficient combinatorics cosine"
            " cubic degree derivative determinant digit digits divisible divisor equation"
            " euclidean even exponent factorial fibonacci fraction gcd geometry integer integral"
            " lcm logarithm math matrix matrices modulo multiply numeric odd perimeter polynomial"
            " power prime primes probability product quadratic radius root sine square sum"
            " triangle vector"
        ),
        "databases and queries": (
            "column columns cursor database databases db foreign index insert join mongodb mysql"
            " orm postgres postgresql query queries record records redis relational row rows"
            " schema select sql sqlalchemy sqlite table tables transaction transactions"
        ),
        "system design": (
            "actor architecture broker bus cluster component components concurrency daemon"
            " decoupled dependency distributed event events factory handler inheritance interface"
            " kernel load lock logger message messages microservice middleware module monitor"
            " mutex observer pattern pipeline plugin pool process processes pubsub queueing"
            " registry scheduler semaphore service singleton subscriber thread threads worker"
            " workers"
        ),
        "security and cryptography": (
            "aes attack auth authenticate authentication authorization certificate cipher"
            " credential credentials crypto cryptographic cryptography decrypt encrypt encrypted"
            " encryption hash hashing hmac injection jwt key keys login md5 oauth password"
            " passwords permission permissions privilege rsa salt sanitize secret secure security"
            " sha256 signature ssl tls token tokens vulnerability"
        ),
        "performance": (
            "amortized async asynchronous batch benchmark bottleneck buffer cache cached caching"
            " complexity constant efficient efficiently latency lazy lru memoization memoize"
            " memoized memory optimal optimise optimised optimize optimized optimization parallel"
            " performance profile profiling quick runtime scalable speed throughput vectorized"
        ),
        "web": (
            "ajax api browser client cookie cookies css django endpoint endpoints express fastapi"
            " fetch flask header headers html http https javascript json jsx node.js react request"
            " requests response rest route router routes scrape scraper server session sessions"
            " url urls web webpage website websocket xml"
        ),
        "a special domain": (
            "account astronomy atom audio balance bank biology blockchain calendar chemistry"
            " climate currency customer dna employee finance financial game games gene genome"
            " geographic gps health hospital hotel inventory invoice latitude legal loan longitude"
            " medical molecule music patient payment physics player price protein robot salary"
            " sensor signal stock student temperature tournament vehicle weather"
        ),
        "user interfaces and applications": (
            "android app application applications button canvas click color colors command desktop"
            " dialog draw font form forms gui icon image images input interactive keyboard label"
            " layout menu mobile mouse notification pixel render rendered screen scroll settings"
            " swift terminal tkinter ui user users view views widget widgets window"
        ),
        "data science and machine learning": (
            "accuracy classification classifier clustering correlation csv data"
            " dataframe dataset datasets embedding epoch feature features gradient histogram kmeans"
            " keras labels learning linear loss matplotlib mean median model models neural numpy"
            " outlier outliers pandas plot predict prediction predictions pytorch quantile"
            " regression scikit scipy sklearn statistics tensor tensorflow train training variance"
        ),
    }.items()
}
"""Topic to its words, in lower case."""
_WORD = re.compile(r"[a-z][a-z0-9.]*[a-z0-9]|[a-z]")
_MOST = 20_000
"""Characters that are looked at."""


def topic(instruction: str, response: str) -> str:
    """Return the topic of a row, or `other`."""
    asked, answered = _words(instruction), _words(response)
    best, most = OTHER, 0
    for name, listed in TOPICS.items():
        score = _IN_INSTRUCTION * len(listed & asked) + _IN_RESPONSE * len(listed & answered)
        if score > most:
            best, most = name, score
    return best


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:_MOST].lower().replace("_", " ")))
