// Sessions as real processes: this program is its own session executable (see main below).
#include "bench/session.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "bench/frame.h"
#include "bench/protocol.h"
#include "bench/run_fixture.h"
#include "core/limits.h"

namespace phasegate::bench {
namespace {

using evidence::Reason;
using evidence::Record;
using evidence::Status;

// An engine whose making writes to the answer pipe, as a library would that prints to the wrong place.
engines::EngineFactory garbage() {
  engines::EngineFactory factory;
  factory.name = "garbage";
  factory.probe = [] { return engines::EngineAvailability{true, "1", "", ""}; };
  factory.make = []() -> core::Result<std::unique_ptr<engines::PhaseEngine>> {
    const std::string junk = "hello, world: this is no frame";
    if (::write(kSessionOutput, junk.data(), junk.size()) < 0) std::abort();
    return core::fail(core::ErrorKind::engine, "unreachable");
  };
  return factory;
}

class ProcessTest : public RunTest {
 protected:
  RunOptions process_options() {
    RunOptions options = RunTest::options();
    options.factories.push_back(garbage());
    options.starter = [] { return start_session_process("/proc/self/exe"); };
    return options;
  }
};

class SocketPair {
 public:
  SocketPair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_) != 0) std::abort();
  }
  ~SocketPair() {
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  int here() const { return fds_[0]; }
  int there() const { return fds_[1]; }

 private:
  int fds_[2];
};

TEST(Frame, ComesBackAsItWasSent) {
  SocketPair pair;
  const std::string text("a\0b{}", 5);
  ASSERT_TRUE(write_frame(pair.here(), text));
  ASSERT_TRUE(write_frame(pair.here(), ""));
  EXPECT_EQ(read_frame(pair.there()).value(), text);
  EXPECT_EQ(read_frame(pair.there()).value(), "");
}

TEST(Frame, AnImpossibleLengthIsRefusedBeforeAnythingIsAllocated) {
  SocketPair pair;
  ASSERT_EQ(::write(pair.here(), "\xff\xff\xff\xff", 4), 4);
  const auto frame = read_frame(pair.there());
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, core::ErrorKind::invalid_input);
}

TEST(Frame, DeadlineStopAndClosedAreDifferentErrors) {
  SocketPair pair;
  const core::SystemClock clock;
  EXPECT_EQ(read_frame(pair.there(), {clock.now(), nullptr}).error().kind, core::ErrorKind::timeout);
  const std::atomic<bool> stop{true};
  EXPECT_EQ(read_frame(pair.there(), {core::kNoDeadline, &stop}).error().kind, core::ErrorKind::aborted);
  ASSERT_EQ(::write(pair.here(), "\x05\0\0\0ab", 6), 6);
  ::shutdown(pair.here(), SHUT_WR);
  EXPECT_EQ(read_frame(pair.there()).error().kind, core::ErrorKind::io);
}

TEST(Session, RefusesWhatIsNotACommandAndGoesOn) {
  std::atomic<bool> stop{false};
  SocketPair pair;
  std::thread child([&] { EXPECT_EQ(run_session(pair.there(), pair.there(), {engines::sim::factory()}, stop), 0); });
  const auto kind_of_answer = [&](const std::string& command) {
    EXPECT_TRUE(write_frame(pair.here(), command));
    const auto answer = core::parse_json(read_frame(pair.here()).value(), "answer");
    return content_of(answer.value()).error().kind;
  };
  EXPECT_EQ(kind_of_answer("{}"), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind_of_answer(R"({"command": 7})"), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind_of_answer(R"({"command": "call"})"), core::ErrorKind::invalid_input);
  EXPECT_EQ(kind_of_answer(R"({"command": "load"})"), core::ErrorKind::invalid_input);
  ASSERT_TRUE(write_frame(pair.here(), quit_command().dump()));
  child.join();
}

TEST(Session, GarbageEndsItWithACode) {
  std::atomic<bool> stop{false};
  SocketPair pair;
  ASSERT_TRUE(write_frame(pair.here(), "this is not JSON"));
  EXPECT_EQ(run_session(pair.there(), pair.there(), {}, stop), 2);
}

TEST(Protocol, WrongTypesInAnAnswerAreErrorsNotExceptions) {
  EXPECT_FALSE(content_of(core::Json::parse(R"({"error": 3})")));
  EXPECT_FALSE(content_of(core::Json::parse(R"({"neither": 3})")));
  EXPECT_FALSE(call_answer_from(core::Json::parse(R"({"prefill": {"start": "x"}})")));
  EXPECT_FALSE(load_answer_from(core::Json::array()));
  EXPECT_FALSE(attribution_from(core::Json(nullptr)));
}

TEST_F(ProcessTest, ARunInProcessesIsCanonical) {
  const Plan plan = plan_for({});
  const RunOutcome outcome = run(plan, process_options());
  EXPECT_EQ(outcome.state, "complete");
  for (const Record& record : records_of_run(outcome.folder)) EXPECT_EQ(record.status, Status::ok) << record.error;
  expect_canonical(outcome.folder);
}

TEST_F(ProcessTest, ACrashIsAnOutcomeOfItsCellAndAFreshSessionGoesOn) {
  SimMatrix sim;
  sim.rounds = 1;
  // Calls count from the start of each session, so the second session crashes at the same call again.
  sim.models[1].profile = "faults: [{kind: crash, phase: decode, call: 20}]\n";
  const Plan plan = plan_for(sim);
  const RunOutcome outcome = run(plan, process_options());
  EXPECT_EQ(outcome.state, "complete");
  std::set<std::string> crashed;
  std::set<std::string> good;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.candidate_name == "fast") {
      EXPECT_EQ(record.status, Status::ok);
    } else if (record.status == Status::ok) {
      good.insert(record.session);
    } else {
      EXPECT_EQ(record.status, Status::error);
      EXPECT_EQ(record.reason, Reason::session_crashed);
      EXPECT_NE(record.error.find("signal"), std::string::npos) << record.error;
      crashed.insert(record.cell);
    }
  }
  EXPECT_GE(crashed.size(), 1U);
  EXPECT_TRUE(good.count("r0-slow") == 1 && good.count("r0-slow-a2") == 1);
  EXPECT_EQ(outcome.manifest.sessions.at("r0-slow").at("state"), "failed");
  expect_canonical(outcome.folder);
}

TEST_F(ProcessTest, AHangThatIgnoresItsDeadlineIsKilled) {
  SimMatrix sim;
  sim.rounds = 1;
  sim.scenarios = "  list: [{prompt: 8, gen: 4, batch: 1}, {prompt: 16, gen: 4, batch: 1}]\n";
  sim.more = "accuracy: {tokens: 0}\ntimeouts: {call_s: 0.05}\n";
  sim.models[1].profile = "faults: [{kind: hang_hard, phase: decode, call: 8}]\n";
  const RunOutcome outcome = run(plan_for(sim), process_options());
  int late = 0;
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.status == Status::ok) continue;
    ++late;
    EXPECT_EQ(record.candidate_name, "slow");
    EXPECT_EQ(record.status, Status::timeout);
    EXPECT_EQ(record.reason, Reason::deadline_passed);
  }
  EXPECT_GE(late, 3);
  expect_canonical(outcome.folder);
}

TEST_F(ProcessTest, GarbageFromASessionIsAnOutcome) {
  SimMatrix sim;
  sim.rounds = 1;
  Plan plan = plan_for(sim);
  plan.matrix.candidates[1].engine = "garbage";
  const RunOutcome outcome = run(plan, process_options());
  for (const Record& record : records_of_run(outcome.folder)) {
    if (record.candidate_name == "fast") continue;
    EXPECT_EQ(record.status, Status::error);
    EXPECT_EQ(record.reason, Reason::invalid_output) << record.error;
  }
}

TEST_F(ProcessTest, AProgramThatCannotBeStartedIsAnOutcome) {
  RunOptions wrong = process_options();
  wrong.starter = [] { return start_session_process("/nowhere/phasegate"); };
  const RunOutcome outcome = run(plan_for({}), wrong);
  for (const Record& record : records_of_run(outcome.folder)) {
    EXPECT_EQ(record.reason, Reason::session_crashed);
    EXPECT_NE(record.error.find("exit code 127"), std::string::npos) << record.error;
  }
}

}  // namespace
}  // namespace phasegate::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "session") == 0) {
    return phasegate::bench::run_session(phasegate::bench::kSessionInput, phasegate::bench::kSessionOutput,
                                         {phasegate::engines::sim::factory(), phasegate::bench::garbage()});
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
