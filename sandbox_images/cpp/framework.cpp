// Runs doctest's test cases of one file and tells how each ended; engine/checks/framework.py has the form of the report.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

extern const unsigned veristone_tests;  // test cases in the text of the tests, as it is without the solution

namespace {

struct Report {
    int file = -1;
    std::string given;
    std::vector<std::string> good, other;
    size_t written = 0, ended = 0;
    std::string failed;
    bool isAssertion = true;
};
Report *report;

// Before whatever the solution has run before `main`: only what needs no initialised library.
char given[1 << 20];
size_t length;
void begin() {
    for (ssize_t part; (part = read(0, given + length, sizeof given - 1 - length)) > 0;) length += part;
    close(0);
    open("/dev/null", O_RDONLY);
}
__attribute__((section(".preinit_array"), used)) void (*const first)() = begin;

std::string plain(const char *text) {
    std::string line;
    for (; *text && line.size() < 300; text++) line += static_cast<unsigned char>(*text) < ' ' ? ' ' : *text;
    return line;
}

void tell(const char *kind, const char *name, const char *message) {
    bool isGood = !std::strcmp(kind, "pass") || !std::strcmp(kind, "skip");
    std::vector<std::string> &tokens = isGood ? report->good : report->other;
    if (report->written >= tokens.size()) _exit(1);
    std::string line = tokens[report->written++] + "\t" + kind + "\t" + plain(name) + "\t" + plain(message) + "\n";
    report->ended += std::strcmp(kind, "plan") != 0;
    if (write(report->file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
}

struct Listener : doctest::IReporter {
    const doctest::TestCaseData *now = nullptr;

    explicit Listener(const doctest::ContextOptions &) {}
    void report_query(const doctest::QueryData &) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats &) override {}
    void test_case_start(const doctest::TestCaseData &data) override {
        now = &data;
        report->failed.clear();
        report->isAssertion = true;
    }
    void test_case_reenter(const doctest::TestCaseData &) override {}
    void test_case_end(const doctest::CurrentTestCaseStats &stats) override {
        if (stats.testCaseSuccess) tell("pass", now->m_name, "");
        else tell(report->isAssertion ? "fail" : "error", now->m_name, report->failed.c_str());
    }
    void test_case_exception(const doctest::TestCaseException &raised) override {
        if (report->failed.empty()) report->isAssertion = false, report->failed = raised.error_string.c_str();
    }
    void subcase_start(const doctest::SubcaseSignature &) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData &data) override {
        if (!data.m_failed || !report->failed.empty()) return;
        std::ostringstream said;
        said << "line " << data.m_line << ": " << data.m_expr;
        if (data.m_threw) said << " threw " << data.m_exception.c_str();
        else if (*data.m_decomp.c_str()) said << " is " << data.m_decomp.c_str();
        report->failed = said.str();
    }
    void log_message(const doctest::MessageData &data) override {
        if (report->failed.empty() && data.m_severity != doctest::assertType::is_warn) report->failed = data.m_string.c_str();
    }
    void test_case_skipped(const doctest::TestCaseData &) override {}
};
REGISTER_LISTENER("veristone", 1, Listener);

std::vector<std::string> words(std::istream &lines) {
    std::string line, word;
    std::getline(lines, line);
    std::istringstream text(line);
    std::vector<std::string> all;
    while (text >> word) all.push_back(word);
    return all;
}

}  // namespace

int main() {
    std::istringstream lines(std::string(given, length));
    std::memset(given, 0, sizeof given);
    report = new Report;
    report->good = words(lines);
    report->other = words(lines);
    report->file = open("veristone.report", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    unsigned found = 0;
    std::vector<const char *> skipped;
    for (const doctest::detail::TestCase &each : doctest::detail::getRegisteredTests()) {
        if (std::strcmp(each.m_file.c_str(), "tests.cpp")) continue;
        found++;
        tell("plan", each.m_name, "");
        if (each.m_skip) skipped.push_back(each.m_name);
    }
    for (const char *name : skipped) tell("skip", name, "");
    if (found < veristone_tests) _exit(1);
    doctest::Context context;
    context.setOption("source-file", "*tests.cpp");
    context.run();
    tell("done", std::to_string(report->ended).c_str(), "");
    std::fflush(nullptr);
    _exit(0);
}
