// expect: wrong_answer
class Problem {
    public static void main(String[] args) { System.out.println("hello " + 42); }
}
