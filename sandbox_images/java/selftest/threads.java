// expect: passed
import java.util.concurrent.atomic.AtomicInteger;

public class Main {
    public static void main(String[] args) throws InterruptedException {
        AtomicInteger total = new AtomicInteger();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < 4; i++) {
            threads[i] = new Thread(() -> { for (int j = 0; j < 1000; j++) total.incrementAndGet(); });
            threads[i].start();
        }
        for (Thread thread : threads) thread.join();
        System.out.println(total);
    }
}
