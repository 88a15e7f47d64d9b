import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests of one class, of JUnit 5 or 4, and tells how each ended; engine/checks/framework.py has the form. A
 * method with parameters is one test, however often it is called. Tests are found before any class of the solution's is
 * initialised.
 */
public final class VeristoneTests {
    /** Names that a solution may not take: a file of tests that imports a whole package would find its class instead. */
    private static final String[] OURS = {
        "Assertions", "Assert", "Assumptions", "Assume", "Test", "Before", "After", "BeforeClass", "AfterClass", "BeforeEach",
        "AfterEach", "BeforeAll", "AfterAll", "Disabled", "Ignore", "Nested", "ParameterizedTest", "RepeatedTest", "TestFactory",
        "Object", "String", "Integer", "Long", "Double", "Boolean", "Math", "Error", "AssertionError", "Throwable", "Exception",
        "Objects", "Arrays", "List", "MatcherAssert", "Matchers", "CoreMatchers",
    };

    private VeristoneTests() { }

    public static void main(String[] args) throws Exception {
        String[] lines = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII).split("\n");
        new FileInputStream(FileDescriptor.in).close();
        Files.createFile(Path.of("veristone.report"));
        Report report = new Report(
            new FileOutputStream("veristone.report"), lines[0].split(" "), lines[1].split(" "));
        ClassLoader loader = VeristoneTests.class.getClassLoader();
        String place = args[0].contains(".") ? args[0].substring(0, args[0].lastIndexOf('.') + 1) : "";
        for (String name : OURS) {
            if (loader.getResource((place + name).replace('.', '/') + ".class") != null) {
                System.err.println("error: the solution declares " + name + ", which the tests use as it is");
                Runtime.getRuntime().halt(1);
            }
        }
        Launcher launcher = LauncherFactory.create(LauncherConfig.builder()
            .enableTestEngineAutoRegistration(true).enableTestExecutionListenerAutoRegistration(false)
            .enableLauncherDiscoveryListenerAutoRegistration(false).enablePostDiscoveryFilterAutoRegistration(false).build());
        TestPlan plan = launcher.discover(LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectClass(Class.forName(args[0], false, loader))).build());
        Watcher watcher = new Watcher(report);
        for (TestIdentifier root : plan.getRoots()) {
            for (TestIdentifier each : plan.getDescendants(root)) {
                if (Watcher.isMethod(each)) {
                    watcher.plan(plan, each);
                }
            }
        }
        launcher.execute(plan, watcher);
        report.tell("done", Integer.toString(report.ended), "");
        Runtime.getRuntime().halt(0);
    }

    /** Writes lines, each with the next token of its kind. */
    private static final class Report {
        private final OutputStream file;
        private final String[] good;
        private final String[] other;
        private int written;
        private int ended;

        Report(OutputStream file, String[] good, String[] other) {
            this.file = file;
            this.good = good;
            this.other = other;
        }

        synchronized void tell(String kind, String name, String message) {
            String[] tokens = kind.equals("pass") || kind.equals("skip") ? good : other;
            if (!kind.equals("plan")) {
                ended++;
            }
            String line = tokens[written++] + "\t" + kind + "\t" + plain(name) + "\t" + plain(message) + "\n";
            try {
                file.write(line.getBytes(StandardCharsets.UTF_8));
            } catch (IOException error) {
                Runtime.getRuntime().halt(1);
            }
        }

        private static String plain(String text) {
            String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
            return line.length() > 300 ? line.substring(0, 300) : line;
        }
    }

    /** Hears from JUnit what happens to the tests. */
    private static final class Watcher implements TestExecutionListener {
        private final Report report;
        private final Map<String, String> names = new LinkedHashMap<>();
        private final Map<String, TestExecutionResult> below = new HashMap<>();
        private final Map<String, Integer> runs = new HashMap<>();
        private TestPlan plan;

        Watcher(Report report) {
            this.report = report;
        }

        /** True for what stands in the text as a method of tests, whether it is called once or often. */
        static boolean isMethod(TestIdentifier each) {
            return each.getSource().filter(MethodSource.class::isInstance).isPresent() && (each.isTest() || each.isContainer())
                && !each.getUniqueId().contains("-invocation:") && !each.getUniqueId().contains("[dynamic-");
        }

        void plan(TestPlan plan, TestIdentifier each) {
            this.plan = plan;
            MethodSource source = (MethodSource) each.getSource().orElseThrow();
            String name = source.getClassName().substring(source.getClassName().lastIndexOf('.') + 1) + "." + source.getMethodName();
            names.put(each.getUniqueId(), name);
            report.tell("plan", name, "");
        }

        private Optional<String> ownerOf(TestIdentifier each) {
            TestIdentifier at = each;
            while (!names.containsKey(at.getUniqueId())) {
                Optional<TestIdentifier> above = plan.getParent(at);
                if (above.isEmpty()) {
                    return Optional.empty();
                }
                at = above.get();
            }
            return Optional.of(at.getUniqueId());
        }

        @Override
        public void executionSkipped(TestIdentifier each, String reason) {
            if (names.containsKey(each.getUniqueId())) {
                report.tell("skip", names.get(each.getUniqueId()), reason);
            } else {
                plan.getDescendants(each).forEach(inner -> executionSkipped(inner, reason));
            }
        }

        @Override
        public void executionFinished(TestIdentifier each, TestExecutionResult result) {
            String id = each.getUniqueId();
            if (!names.containsKey(id)) {
                Optional<String> owner = ownerOf(each);
                owner.ifPresent(above -> runs.merge(above, each.isTest() ? 1 : 0, Integer::sum));
                if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                    owner.ifPresent(above -> below.putIfAbsent(above, result));
                    if (owner.isEmpty()) {
                        failBelow(each, result);
                    }
                }
                return;
            }
            TestExecutionResult worst = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL
                ? below.getOrDefault(id, result) : result;
            if (each.isContainer() && runs.getOrDefault(id, 0) == 0 && worst == result
                && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
                report.tell("skip", names.get(id), "was called with nothing");
            } else {
                told(id, worst);
            }
        }

        /** What was to be done before or after a whole class failed: so did all its tests that have no result. */
        private void failBelow(TestIdentifier each, TestExecutionResult result) {
            for (TestIdentifier inner : plan.getDescendants(each)) {
                if (names.containsKey(inner.getUniqueId())) {
                    told(inner.getUniqueId(), result);
                }
            }
        }

        private void told(String id, TestExecutionResult result) {
            String name = names.get(id);
            Throwable error = result.getThrowable().orElse(null);
            switch (result.getStatus()) {
                case SUCCESSFUL -> report.tell("pass", name, "");
                // An assumption is what the solution could throw as well: no test is left out for it.
                case ABORTED -> report.tell("error", name, "was aborted: " + error);
                default -> {
                    boolean isAssertion = error instanceof AssertionError;
                    String said = error == null ? "" : isAssertion ? String.valueOf(error.getMessage()) : error.toString();
                    report.tell(isAssertion ? "fail" : "error", name, said);
                }
            }
        }
    }
}
