// expect: passed
import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException { System.in.transferTo(System.out); }
}
