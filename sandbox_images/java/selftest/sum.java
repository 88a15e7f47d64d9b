// expect: passed
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int count = in.nextInt(), sum = 0;
        while (count-- > 0) sum += in.nextInt();
        System.out.println(sum);
    }
}
