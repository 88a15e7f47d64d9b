// expect: cpu_timeout
public class Main {
    public static void main(String[] args) { for (;;) { } }
}
