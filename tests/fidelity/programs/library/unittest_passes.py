import unittest, sys, io
class Case(unittest.TestCase):
    def test_good(self): self.assertTrue(True)
    def test_logs(self):
        import logging
        with self.assertLogs("a") as seen: logging.getLogger("a").warning("w")
        self.assertEqual(len(seen.output), 1)
class Async(unittest.IsolatedAsyncioTestCase):
    async def test_async(self): self.assertIsNone(None)
program = unittest.main(exit=False, testRunner=unittest.TextTestRunner(stream=io.StringIO()))
print(program.result)
