// expect: passed
#include <atomic>
#include <iostream>
#include <thread>
#include <vector>
int main() {
    std::atomic<int> total = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back([&] { for (int j = 0; j < 1000; j++) total++; });
    for (auto &thread : threads) thread.join();
    std::cout << total << std::endl;
}
