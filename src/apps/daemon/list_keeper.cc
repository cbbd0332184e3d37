#include "apps/daemon/list_keeper.h"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using listing::ListSave;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{500};
constexpr std::chrono::seconds try_again_after{1};
constexpr std::size_t rows_at_once = 4000;  // in one transaction: decisions wait for it

// What a person adds and takes off again must not change places.
bool can_be_joined(const ListSave& save) {
  return save.hand.empty() && save.hand_gone.empty() && save.hand_names.empty() &&
         save.hand_names_gone.empty();
}

template <typename Row>
void append(std::vector<Row>& to, std::vector<Row>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// To what waits already for this list, so that a store that hung for a while is not asked a
// thousand times.
bool join(std::deque<ListSave>& waiting, ListSave& save) {
  const auto last = std::find_if(waiting.rbegin(), waiting.rend(),
                                 [&](const ListSave& one) { return one.list == save.list; });
  if (last == waiting.rend() || !can_be_joined(*last) || !can_be_joined(save)) return false;
  if (last->rows() + save.rows() > rows_at_once) return false;
  append(last->reports, save.reports);
  append(last->places, save.places);
  append(last->traffic, save.traffic);
  append(last->reporters, save.reporters);
  append(last->history, save.history);
  append(last->name_reports, save.name_reports);
  append(last->names, save.names);
  append(last->name_history, save.name_history);
  return true;
}

// In parts, so that decisions do not wait long for the store.
void add(std::deque<ListSave>& waiting, ListSave save) {
  while (save.reports.size() > rows_at_once) {
    const auto part = save.reports.begin() + rows_at_once;
    ListSave first;
    first.list = save.list;
    first.reports.assign(save.reports.begin(), part);
    save.reports.erase(save.reports.begin(), part);
    waiting.push_back(std::move(first));
  }
  if (save.rows() > 0 && !join(waiting, save)) waiting.push_back(std::move(save));
}

}  // namespace

ListKeeper::ListKeeper(listing::ListJournal& store, Decide decide)
    : store_(store), decide_(std::move(decide)) {}

ListKeeper::~ListKeeper() { stop(); }

void ListKeeper::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "list-keep");
}

void ListKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  static_cast<void>(wake_.push(1));
  thread_.join();
}

void ListKeeper::keep(Work work) {
  pending_.with([&](Pending& pending) {
    for (ListSave& one : work.saves) {
      pending.rows += one.rows();
      add(pending.saves, std::move(one));
    }
    for (auto& one : work.decisions) pending.decisions.push_back(std::move(one));
    for (Waiter& one : work.waiters) pending.waiters.push_back(std::move(one));
    drop_some(pending);
  });
  static_cast<void>(wake_.push(1));
}

void ListKeeper::fails(const std::string& trouble) {
  health_.with([&](Health& health) {
    health.trouble = trouble;
    ++health.failures;
  });
}

ListKeeper::Health ListKeeper::health() const {
  return health_.with([](const Health& now) { return now; });
}

void ListKeeper::drop_some(Pending& pending) {
  std::uint64_t lost = 0;
  while (pending.rows > unsaved_most && !pending.saves.empty()) {
    lost += pending.saves.front().rows();
    pending.rows -= pending.saves.front().rows();
    pending.saves.pop_front();
  }
  while (lost > 0 ? !pending.waiters.empty() : pending.waiters.size() > waiters_most) {
    pending.waiters.front().set_value(false);
    pending.waiters.pop_front();
  }
  if (lost > 0) health_.with([&](Health& health) { health.rows_lost += lost; });
}

void ListKeeper::run(const std::stop_token& stop) {
  for (bool last = false; !last;) {
    last = stop.stop_requested();
    try {
      work(last);
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "event=list_keep_failed what=\"{}\"", error.what());
      std::this_thread::sleep_for(look_every);
    }
    if (!last) static_cast<void>(wake_.pop(look_every));
  }
}

void ListKeeper::work(bool last) {
  std::deque<Waiter> waiters;
  std::deque<model::Decision> decisions;
  pending_.with([&](Pending& pending) {
    waiters.swap(pending.waiters);
    decisions.swap(pending.decisions);
  });
  const std::uint64_t lost = health().rows_lost;
  const bool saved = save(last) && lost == health().rows_lost;
  for (Waiter& waiter : waiters) waiter.set_value(saved && store_.keeps());
  for (model::Decision& one : decisions) {
    if (decide_) decide_(std::move(one));
  }
}

// An exception is a failure as any: rows and who waits for them must not go with it.
base::Status ListKeeper::write(const ListSave& save) {
  try {
    return store_.save_list(save);
  } catch (const std::exception& error) {
    return base::Error{base::ErrorCode::unavailable, error.what()};
  }
}

// In order: what failed comes first the next time.
bool ListKeeper::save(bool last) {
  auto next = take();
  if (!next) return true;
  const bool failing = !health().trouble.empty();
  if (failing && !last && SteadyClock::now() < failed_at_ + try_again_after) {
    give_back(std::move(*next));
    return false;
  }
  for (; next; next = take()) {
    if (const auto kept = write(*next); !kept) {
      failed_at_ = SteadyClock::now();
      give_back(std::move(*next));
      note_failure(kept.error().message);
      return false;
    }
    pending_.with([&](Pending& pending) { pending.rows -= next->rows(); });
  }
  health_.with([](Health& health) { health.trouble.clear(); });
  return true;
}

void ListKeeper::note_failure(const std::string& what) {
  const bool news = health_.with([&](Health& health) {
    ++health.failures;
    return std::exchange(health.trouble, "not on disk: " + what).empty();
  });
  if (news) base::log(LogLevel::error, "event=list_not_kept what=\"{}\"", what);
}

std::optional<ListSave> ListKeeper::take() {
  return pending_.with([](Pending& pending) -> std::optional<ListSave> {
    if (pending.saves.empty()) return std::nullopt;
    std::optional<ListSave> out(std::move(pending.saves.front()));
    pending.saves.pop_front();
    return out;
  });
}

void ListKeeper::give_back(ListSave save) {
  pending_.with([&](Pending& pending) {
    pending.saves.push_front(std::move(save));
    drop_some(pending);
  });
}

}  // namespace leumund::apps
