#include "bench/contention.h"

#include <gtest/gtest.h>

namespace phasegate::bench {
namespace {

TEST(Contention, ReadsTheSumAndTheStolenShareOfProcStat) {
  const auto ticks = parse_proc_stat("cpu  100 2 30 400 5 0 6 70 9 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  ASSERT_TRUE(ticks);
  EXPECT_EQ(ticks->total, 100 + 2 + 30 + 400 + 5 + 0 + 6 + 70);  // guest time is inside user already
  EXPECT_EQ(ticks->steal, 70);
}

TEST(Contention, RefusesWhatIsNotProcStat) {
  for (const char* text : {"", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7 x",
                           "cpu  1 2 3 4 5 6 7 -8", "cpu  1 2 3 4 5 6 7 99999999999999999999"}) {
    EXPECT_FALSE(parse_proc_stat(text)) << text;
  }
}

TEST(Contention, ReadsRunnableTasksOfLoadavg) {
  EXPECT_EQ(parse_loadavg_runnable("0.20 0.18 0.12 2/355 4711\n").value(), 2);
  for (const char* text : {"", "0.1 0.2 0.3", "0.1 0.2 0.3 2 4711", "0.1 0.2 0.3 x/3 4711"}) {
    EXPECT_FALSE(parse_loadavg_runnable(text)) << text;
  }
}

TEST(Contention, ThisMachineCanBeRead) {
  const ContentionReading reading = read_contention();
  EXPECT_TRUE(reading.ticks);
  EXPECT_GE(reading.involuntary_switches, 0);
  EXPECT_GE(reading.runnable, 0);
}

TEST(Contention, IsTheDifferenceOfTwoReadings) {
  const auto contention = contention_between({10, CpuTicks{1000, 5}, 0}, {25, CpuTicks{1200, 9}, 3});
  EXPECT_EQ(contention.involuntary_switches, 15);
  EXPECT_EQ(contention.steal_ticks, 4);
  EXPECT_EQ(contention.run_queue, 3);
}

TEST(Contention, MarksAboveTheThresholdsOnly) {
  const evidence::Thresholds thresholds;  // 200 switches a second, 5 % stolen
  const auto marked = [&](std::int64_t switches, std::int64_t steal, ContentionWindow window) {
    return is_contended({.involuntary_switches = switches, .steal_ticks = steal}, window, 2, thresholds);
  };
  const ContentionWindow second{core::seconds(1), 100};
  EXPECT_FALSE(marked(200, 5, second));
  EXPECT_TRUE(marked(201, 0, second));
  EXPECT_TRUE(marked(0, 6, second));
  EXPECT_FALSE(marked(3, 0, {core::millis(1), 0}));  // few, in a call that is short
  EXPECT_TRUE(marked(6, 0, {core::millis(1), 0}));
}

TEST(Contention, MarksWhenTheRunnableTasksNeedMoreThanTheCores) {
  const auto marked = [](double run_queue, int cores) {
    return is_contended({.run_queue = run_queue}, {core::seconds(1), 0}, cores, evidence::Thresholds());
  };
  EXPECT_FALSE(marked(1, 2));
  EXPECT_TRUE(marked(2, 2));
  EXPECT_FALSE(marked(2, 4));
}

}  // namespace
}  // namespace phasegate::bench
