// expect: passed
import java.util.*;

class Node<T> {
    T value;
    Node(T value) { this.value = value; }
    static class Inner { }
}

public class Solution {
    record Point(int x, int y) { }
    int twice(int n) { return 2 * n; }
}

class Runner {
    public static void main(String[] args) {
        if (new Solution().twice(new Node<>(2).value) != 4) throw new AssertionError();
    }
}
