// expect: passed
public class Main {
    public static void main(String[] args) {
        for (int i = 0; i < 20000; i++) System.out.println(i);
    }
}
