// expect: passed
#include <concepts>
#include <ranges>
#include <span>
#include <vector>
template <std::integral T> T twice(T x) { return 2 * x; }
int main() {
    std::vector<int> numbers{1, 2, 3};
    int sum = 0;
    for (int n : std::span(numbers) | std::views::transform(twice<int>)) sum += n;
    return sum == 12 ? 0 : 1;
}
