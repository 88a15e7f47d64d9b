import time
start = time.perf_counter(); time.sleep(0.01); print(time.perf_counter() - start > 0.009, time.process_time() < 1, time.thread_time() < 1)
print(time.get_clock_info("monotonic").resolution, time.clock_getres(time.CLOCK_REALTIME) > 0)
