"""Code as concepts: what is left of a function when its language is forgotten.

A loop, a remainder, a push at the end, a comparison with zero: a Java, Lua or Racket copy of a
Python function does these in nearly the same order, whatever the words for them are. Types,
declarations, brackets and names are dropped; numbers and strings stay.

The table is of vocabulary, not of benchmarks: operators and library names of the languages that
MultiPL-E covers (arXiv 2208.08227), by what they do. Two words that do roughly the same
are the same on purpose (`>` and `<`, `substr` and `slice`): a translator swaps them freely.
"""

__all__ = ["CONCEPTS", "KEYWORDS"]

_GROUPS = {
    "LOOP": "for while foreach loop until repeat each map filter times do.. each_char upto downto"
    " dotimes for/list for/fold for/or for/and for/sum in-range chars iter array_map array_filter"
    " lapply sapply collect select where forEach foreach! for_each",
    "IF": "if elif elsif elseif else_if unless cond when case match switch ? guard ifelse",
    "TRUE": "true #t",
    "FALSE": "false #f",
    "NIL": "none null nil undefined nothing nullptr optional is_none isnull is.null some null?",
    "BREAK": "break last continue next leave",
    "EQ": "== === eq equal? eq? eqv? equals -eq string=? char=? is identical eql? char-equal?",
    "NE": "!= !== ~= ne -ne /= <> isnt",
    "LT": "< > lt gt -lt -gt char<? string<? compareto compare",
    "LE": "<= >= le ge -le -ge char<=?",
    "MOD": "% %% mod modulo remainder rem fmod %= even? odd? iseven isodd even odd",
    "DIV": "/ // div quotient %/% intdiv /= //= divmod",
    "MUL": "* *=",
    "POW": "** pow ^ expt **= powf powi",
    "ADD": "+ += add1 .. .= ++",
    "SUB": "- -= sub1 --",
    "AND": "&& and all every",
    "OR": "|| or any some? exists",
    "NOT": "! not",
    "LEN": "len length size count strlen nrow nchar scalar string-length vector-length lengthof"
    " array_length mb_strlen",
    "PUSH": "append push push_back add insert emplace_back emplace push! cons append! array_push"
    " unshift << push_str addone ++= appender",
    "POP": "pop shift pop! array_pop remove erase delete poplast removelast pop_back del",
    "SORT": "sort sorted sort! sort_by sortby orderby ksort usort asort rsort order"
    " sort_unstable sorted_by sort.ints orderbydescending",
    "REV": "reverse reversed rev reverse! strrev array_reverse",
    "ABS": "abs fabs mathabs magnitude labs",
    "MAX": "max maximum fmax int_max min_value max_value",
    "MIN": "min minimum fmin",
    "SUM": "sum reduce fold foldl accumulate inject foldleft array_sum prod product",
    "SPLIT": "split explode strsplit string-split split_whitespace components fields preg_split"
    " str_split eachsplit splitter",
    "JOIN": "join implode concat paste paste0 string-join string-append joined mkstring",
    "UPPER": "upper toupper touppercase uppercase to_uppercase strtoupper uc upcase uppercased"
    " char-upcase string-upcase toupperinvariant ucfirst",
    "LOWER": "lower tolower tolowercase lowercase to_lowercase strtolower lc downcase lowercased"
    " char-downcase string-downcase tolowerinvariant",
    "ISUP": "isupper isuppercase is_uppercase is_ascii_uppercase ctype_upper char-upper-case?",
    "ISLOW": "islower islowercase is_lowercase is_ascii_lowercase ctype_lower char-lower-case?"
    " swapcase",
    "ISNUM": "isdigit is_digit isdecimal isnumeric is_numeric ctype_digit char-numeric? isnumber"
    " is_ascii_digit isinstance",
    "ISALPHA": "isalpha isletter is_alphabetic ctype_alpha char-alphabetic? isalnum is_alpha"
    " is_ascii_alphabetic",
    "CODE": "ord chr charcodeat codepointat fromcharcode char->integer integer->char asciivalue"
    " codepoint codeunitat utf8toint inttoutf8 as_bytes ascii",
    "INT": "int parseint to_i atoi stoi tonumber string->number parse as.integer intval toint"
    " atoi parsedouble",
    "FLOAT": "float double parsefloat stof to_f as.numeric floatval todouble f64 float64",
    "STR": "str string tostring to_string to_s number->string itoa sprintf format valueof"
    " as.character dumps",
    "ROUND": "round floor ceil trunc ceiling rint truncate",
    "SQRT": "sqrt isqrt sqrtf squareroot",
    "SLICE": "substr substring slice sub subvec substring? take drop list-tail prefix suffix"
    " array_slice skip",
    "MAP": "dict hashmap unordered_map treemap dictionary hash counter collections make-hash"
    " defaultdict associative",
    "SET": "set hashset unordered_set unique uniq distinct array_unique treeset dedup"
    " remove-duplicates duplicated linkedhashset",
    "HAS": "in contains includes include? has containskey member indexof find index %in% in_array"
    " haskey contains_key memq isset exists? member? strpos findindex",
    "REPL": "replace gsub replaceall str_replace string-replace replacing re_replace preg_replace",
    "STARTS": "startswith starts_with hasprefix endswith ends_with hassuffix start_with? end_with?",
    "RAISE": "raise throw panic! panic throws error die",
    "ZIP": "zip zip! enumerate withindex each_with_index zipwithindex eachindex",
    "HASH": "md5 sha1 sha256 hexdigest messagedigest",
    "MATH": "log log2 log10 exp sin cos pi",
    "BITS": "& | ^^ xor bitand bitor bitcount bin tobinarystring",
}
CONCEPTS: dict[str, str] = {
    word: concept for concept, group in _GROUPS.items() for word in group.split()
}
"""Lower-case words and signs to concepts."""

_KEYWORDS = (
    "for while foreach loop until repeat do.. if elif elsif elseif else_if unless cond when case"
    " match switch guard true false none null nil undefined nothing nullptr break last continue"
    " next eq ne lt gt le ge is isnt mod rem div and or not in raise throw panic"
)
KEYWORDS = frozenset(_KEYWORDS.split())
"""Words of CONCEPTS that are no names."""
