import asyncio, sys
async def main():
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, sys.stdin.readline))
    signal = asyncio.Event()
    import signal as s, os
    loop.add_signal_handler(s.SIGUSR1, signal.set)
    os.kill(os.getpid(), s.SIGUSR1)
    await signal.wait()
    print("signalled")
asyncio.run(main())
