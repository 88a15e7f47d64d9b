// expect: passed
#include <bits/stdc++.h>
using namespace std;
int main() {
    int count, number, sum = 0;
    cin >> count;
    while (count-- && cin >> number) sum += number;
    cout << sum << endl;
}
