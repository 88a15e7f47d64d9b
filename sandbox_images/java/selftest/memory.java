// expect: memory_limit runtime_error
import java.util.*;

public class Main {
    public static void main(String[] args) {
        List<byte[]> held = new ArrayList<>();
        for (;;) held.add(new byte[1 << 20]);
    }
}
