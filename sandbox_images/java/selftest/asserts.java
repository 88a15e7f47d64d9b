// expect: runtime_error
public class Main {
    public static void main(String[] args) { assert 1 > 2 : "on purpose"; }
}
