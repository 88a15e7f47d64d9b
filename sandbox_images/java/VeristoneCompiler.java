import java.math.BigInteger;
import java.util.*;
import java.util.function.*;
import java.util.regex.*;
import java.util.stream.*;

/**
 * A compiler that has compiled something before: this file, which is started as it is (`java FILE`),
 * and holds what programs use most. What then comes is another program's compilation, from its
 * beginning; a file that was started so compiles one program and ends.
 */
class VeristoneCompiler {
    public static void main(String[] words) {
        System.exit(com.sun.tools.javac.Main.compile(words));
    }
}

/** What programs use most, so that the classes behind it are loaded once while archives are made. */
class Usual {
    enum Kind { FIRST, SECOND }
    record Pair<A, B>(A first, B second) { }
    interface Shape { double area(); }
    static abstract class Base implements Shape { @Override public String toString() { return "" + area(); } }
    static class Square extends Base {
        private final double side;
        Square(double side) { this.side = side; }
        @Override public double area() { return side * side; }
    }

    static <T extends Comparable<T>> T largest(List<T> all) { return Collections.max(all); }

    public static void main(String[] args) {
        Map<String, Integer> counts = new HashMap<>();
        for (String word : "a b b c c c".split(" ")) counts.merge(word, 1, Integer::sum);
        List<String> words = new ArrayList<>(counts.keySet());
        words.sort(Comparator.comparing((String word) -> counts.get(word)).reversed());
        System.out.println(words + " " + largest(words) + " " + new TreeMap<>(counts));
        System.out.println(String.format("%.2f %5d %s %x", 1.5, 7, Kind.FIRST, 255));
        System.out.printf("%s%n", Arrays.toString(new int[] {3, 1, 2}));
        System.out.println(IntStream.rangeClosed(1, 5).boxed().filter(n -> n % 2 == 1)
            .map(n -> n * n).collect(Collectors.toList()));
        System.out.println(Stream.of("x", "yy").collect(Collectors.groupingBy(String::length, Collectors.counting())));
        System.out.println(words.stream().map(String::toUpperCase).sorted().collect(Collectors.joining(", ")));
        StringBuilder built = new StringBuilder("text").reverse().append(1).append('c').append(2.5);
        Deque<Integer> deque = new ArrayDeque<>(List.of(1, 2));
        Queue<Integer> heap = new PriorityQueue<>(Comparator.reverseOrder());
        heap.addAll(deque);
        Set<Integer> seen = new LinkedHashSet<>(new HashSet<>(heap));
        Optional<Integer> found = seen.stream().max(Integer::compare);
        Function<Integer, Integer> twice = n -> 2 * n;
        BiFunction<Integer, Integer, Integer> sum = Integer::sum;
        Supplier<List<Integer>> made = LinkedList::new;
        System.out.println(built + " " + deque + found.map(twice).orElse(0) + sum.apply(1, 2) + made.get());
        Matcher matcher = Pattern.compile("(\\w)(\\d+)").matcher("a12");
        System.out.println(matcher.find() ? matcher.group(2) : "none");
        System.out.println(BigInteger.TWO.pow(70) + " " + Math.sqrt(2) + " " + Integer.parseInt("12"));
        System.out.println(new Pair<>(1, "one") + " " + new Square(2) + " " + Kind.valueOf("SECOND"));
        Scanner scanner = new Scanner("3 4\nline");
        System.out.println(scanner.nextInt() + scanner.nextInt() + scanner.nextLine() + scanner.nextLine());
        try {
            List.of(1).add(2);
        } catch (UnsupportedOperationException | IllegalStateException error) {
            System.out.println(error.getClass().getSimpleName());
        }
        String kind = switch (words.size()) { case 0 -> "none"; case 3 -> "three"; default -> "some"; };
        System.out.println(kind + Objects.hash(1, 2) + List.of(1, 2).equals(Arrays.asList(1, 2)));
        assert kind.equals("three") : "an assertion";
    }
}
