import unittest
class Case(unittest.TestCase):
    def setUp(self): self.x = 1
    def test_good(self): self.assertEqual(self.x, 1)
    def test_bad(self): self.assertEqual([1, 2, 3], [1, 2, 4])
    def test_error(self): raise ValueError("error")
    @unittest.skip("reason")
    def test_skip(self): ...
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    def test_warns(self):
        import warnings; warnings.warn("in a test")
def no_time(stream):
    class Stream:
        def write(self, text): stream.write(text if not text.startswith("Ran") else "Ran")
        def writeln(self, text=""): self.write(text + "\n")
        def flush(self): stream.flush()
    return Stream()
import sys
unittest.main(testRunner=unittest.TextTestRunner(stream=no_time(sys.stderr), verbosity=2))
