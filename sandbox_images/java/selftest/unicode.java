// expect: passed
public class Main {
    public static void main(String[] args) { System.out.println("naïve 你好 🎉 łódź"); }
}
