# framework.sh SOLUTION TESTS: compile a solution with a file of tests for doctest, as one file of text.
#
# A solution's macros must mean nothing in the tests, and nothing of a framework be missing in them. So the text of the
# tests is expanded by itself, behind the headers that it includes and without the solution; then the solution is, behind
# the same headers; and both texts, in which no macro is left, are compiled as one. How many test cases there must be is
# counted in the former. Includes between quotation marks that lead to no file are taken for the solution's.
set -e
solution=$1 tests=$2
shift 2
flags="-std=gnu++20 -O2 -w -pipe -pthread"
{
    echo '#include <doctest/doctest.h>'
    grep -E '^[ 	]*#[ 	]*include[ 	]*<' "$tests" || :
} >headers.h
{
    echo '#pragma veristone tests'
    echo '#line 1 "tests.cpp"'
    sed -E 's/^[ 	]*#[ 	]*include[ 	]*".*//' "$tests"
} >text.cpp
# shellcheck disable=SC2086
g++ $flags -E -include headers.h text.cpp | sed '1,/^#pragma veristone tests/d' >tests.ii
count=$(grep -o 'doctest::detail::regTest' tests.ii | wc -l)
echo "extern const unsigned veristone_tests; const unsigned veristone_tests = $count;" >count.cpp
{
    echo '#pragma veristone solution'
    echo "#line 1 \"$solution\""
    cat "$solution"
} >own.cpp
# shellcheck disable=SC2086
g++ $flags -E -Dmain=veristone_main_of_solution -include headers.h own.cpp >whole.ii
if sed '1,/^#pragma veristone solution/d' whole.ii | grep -v '^#' | grep -qw doctest; then
    echo "error: the solution names doctest, which the tests use as it is" >&2
    exit 1
fi
cat tests.ii >>whole.ii
# shellcheck disable=SC2086
exec g++ $flags -B/usr/libexec/mold -o program /opt/veristone/prepared/framework.o -fpreprocessed whole.ii count.cpp "$@"
