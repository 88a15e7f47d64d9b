// expect: output_limit
public class Main {
    public static void main(String[] args) {
        String text = "more and more and more\n".repeat(1000);
        for (;;) System.out.print(text);
    }
}
