// expect: runtime_error
public class Main {
    public static void main(String[] args) { throw new IllegalStateException("on purpose"); }
}
