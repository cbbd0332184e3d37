#include "apps/daemon/keeper.h"

#include <pthread.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/log.h"

namespace leumund::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t slice = 256;             // subjects taken under one hold of the engine's lock
constexpr std::size_t decisions_batch = 1000;  // in one transaction
constexpr milliseconds checkpoint_every{1000};
// A reader that catches up with a long log pauses between positions; one that does not for this
// many seconds is not waited for: its position stays, the counts are kept all the same.
constexpr int put_off_max = 10;

bool opens_campaign(const std::vector<model::Decision>& decisions) {
  return std::any_of(decisions.begin(), decisions.end(), [](const model::Decision& decision) {
    return decision.subject.kind == model::SubjectKind::campaign;
  });
}

}  // namespace

Keeper::Keeper(storage::Store& store, NumberReserve* numbers, KeeperLimits limits)
    : store_(store),
      numbers_(numbers),
      limits_(limits),
      jobs_(limits.batches_max, base::WhenFull::push_back) {}

Keeper::~Keeper() { stop(); }

void Keeper::start(Pipeline& pipeline, Pause pause, Marks marks) {
  pipeline_ = &pipeline;
  pause_ = std::move(pause);
  marks_ = std::move(marks);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "keep");
    run();
  });
}

void Keeper::stop() {
  jobs_.close();
  if (thread_.joinable()) thread_.join();
}

std::future<bool> Keeper::write(std::vector<model::Decision> decisions) {
  Job job{std::move(decisions), {}};
  std::future<bool> written = job.written.get_future();
  if (!jobs_.push(std::move(job))) {  // full: the job is still ours
    refused_ += job.decisions.size();
    job.written.set_value(false);
  }
  return written;
}

KeeperStatus Keeper::status() const {
  return status_.with([](const KeeperStatus& status) { return status; });
}

void Keeper::run() {
  auto next = steady_clock::now() + checkpoint_every;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(next - steady_clock::now());
    if (auto job = jobs_.pop(std::max(left, milliseconds(0)))) {
      // A campaign found and lost again would leak once more before it is found anew.
      if (opens_campaign(job->decisions)) next = steady_clock::now();
      take(std::move(*job));
      continue;
    }
    const bool last = jobs_.closed() && jobs_.size() == 0;
    if (!last && steady_clock::now() < next) continue;
    commit_waiting();
    checkpoint(last);
    save_attempts();
    reserve_numbers(last);
    if (last) return;
    next = steady_clock::now() + checkpoint_every;
  }
}

void Keeper::take(Job job) {
  std::move(job.decisions.begin(), job.decisions.end(), std::back_inserter(waiting_));
  if (numbers_ != nullptr && !waiting_.empty()) numbers_->keep_ahead(waiting_.back().number);
  commit_waiting();
  job.written.set_value(waiting_.empty());
}

// Oldest first, so that what stands in the store is what a later decision meant to change.
void Keeper::commit_waiting() {
  bool wrote = false;
  while (!waiting_.empty()) {
    const auto count = std::min(waiting_.size(), decisions_batch);
    const std::vector<model::Decision> batch(waiting_.begin(),
                                             waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    const auto done = store_.commit(batch);
    if (!done) {
      failed(done.error(), "decisions");
      break;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    wrote = true;
  }
  const std::uint64_t refused = refused_;
  std::uint64_t dropped = refused - std::exchange(refused_seen_, refused);
  if (waiting_.size() > limits_.decisions_max) {
    const std::size_t too_many = waiting_.size() - limits_.decisions_max;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(too_many));
    dropped += too_many;
  }
  standing_lost_ = standing_lost_ || dropped > 0;
  status_.with([&](KeeperStatus& status) {
    status.decisions_waiting = waiting_.size();
    status.decisions_dropped += dropped;
  });
  if (standing_lost_ && waiting_.empty()) write_what_stands();
  if (wrote) succeeded();
}

// What was decided after this is still to come, so that the end is the same.
void Keeper::write_what_stands() {
  const auto standing =
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().standing(); });
  const auto done = store_.replace_standing(standing);
  if (!done) {
    failed(done.error(), "what stands");
    return;
  }
  standing_lost_ = false;
  const auto dropped = status().decisions_dropped;
  base::log(base::LogLevel::warn,
            "store has what stands again restrictions={}; decisions missing in its history={}",
            standing.restrictions.size(), dropped);
}

void Keeper::reserve_numbers(bool last) {
  if (numbers_ == nullptr) return;
  const auto number =
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().last_number(); });
  // While decisions wait for the store, their numbers are known to people only.
  if (last && waiting_.empty()) {
    numbers_->settle(number);
  } else {
    numbers_->keep_ahead(number);
  }
}

std::vector<evidence::SubjectRecord> Keeper::take_counts() {
  // What failed last time is replaced by newer records of the same subjects.
  std::vector<evidence::SubjectRecord> records = std::exchange(unsaved_, {});
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i) places.emplace(records[i].subject, i);
  const auto add = [&](evidence::SubjectRecord&& record) {
    const auto place = places.empty() ? places.end() : places.find(record.subject);
    if (place != places.end()) {
      records[place->second] = std::move(record);
    } else {
      records.push_back(std::move(record));
    }
  };
  while (pipeline_->with_engine(
             [&](engine::Engine& engine) { return engine.drain_dirty(slice, add); }) > 0) {
  }
  return records;
}

void Keeper::checkpoint(bool last) {
  const auto began = steady_clock::now();
  std::vector<evidence::SubjectRecord> records;
  std::vector<storage::Mark> marks;
  std::vector<model::QueuedMail> queue = std::exchange(unsaved_queue_, {});
  {
    const auto paused = pause_();
    if (!paused && !last && ++put_off_ < put_off_max) return;
    put_off_ = 0;
    records = take_counts();
    auto changes =
        pipeline_->with_engine([](engine::Engine& engine) { return engine.drain_queue(); });
    std::move(changes.begin(), changes.end(), std::back_inserter(queue));
    if (paused) marks = marks_();
  }
  if (records.empty() && marks.empty() && queue.empty()) return;
  const auto done = store_.save(storage::Checkpoint{records, marks, queue});
  if (!done) {
    unsaved_ = std::move(records);
    if (unsaved_.size() > limits_.unsaved_max) unsaved_.resize(limits_.unsaved_max);
    const auto most = static_cast<std::ptrdiff_t>(limits_.unsaved_max);
    if (std::ssize(queue) > most) queue.erase(queue.begin(), queue.end() - most);
    unsaved_queue_ = std::move(queue);
    failed(done.error(), "counts");
    return;
  }
  status_.with([&](KeeperStatus& status) {
    ++status.checkpoints;
    status.subjects_written += records.size();
    status.last_checkpoint = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  });
  succeeded();
}

void Keeper::save_attempts() {
  const auto tried =
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().drain_attempts(); });
  if (tried.empty()) return;
  const auto done = store_.save_attempts(tried);
  if (done) {
    succeeded();
  } else {
    failed(done.error(), "attempts");
  }
}

// Whatever was written last: it is all well once nothing that failed is left.
void Keeper::succeeded() {
  if (!waiting_.empty() || standing_lost_ || !unsaved_.empty() || !unsaved_queue_.empty()) return;
  const bool news = status_.with(
      [](KeeperStatus& status) { return !std::exchange(status.trouble, std::string()).empty(); });
  if (news) base::log(base::LogLevel::info, "store writes again");
}

void Keeper::failed(const base::Error& error, const char* what) {
  const bool news = status_.with([&](KeeperStatus& status) {
    ++status.failures;
    const bool changed = status.trouble != error.message;
    status.trouble = error.message;
    return changed;
  });
  if (news) {
    base::log(base::LogLevel::error,
              "store cannot write {}: {}; kept in memory, tried every second", what, error.message);
  }
}

}  // namespace leumund::apps
