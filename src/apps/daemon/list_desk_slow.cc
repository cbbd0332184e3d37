// What takes long of our own lists: zone files for mirrors, forgetting what is old, folding tables.
#include <algorithm>
#include <utility>

#include "action/atomic_file.h"
#include "apps/daemon/list_desk.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds look_every{500};
constexpr std::chrono::hours forget_every{1};

// Runs what a list wants folded, without the lock.
template <typename State, typename Of>
void fold_each(base::Guarded<State>& state, Of&& of) {
  const std::size_t lists = state.with([&](State& now) { return of(now).size(); });
  for (std::size_t i = 0; i < lists; ++i) {
    const auto folding = state.with([&](State& now) { return of(now)[i]->folding_due(); });
    if (!folding) continue;
    auto made = folding->run();
    state.with([&](State& now) { of(now)[i]->take(*folding, std::move(made)); });
  }
}

}  // namespace

void ListDesk::run_slow(const std::stop_token& stop) {
  for (bool last = false; !last;) {
    last = stop.stop_requested();
    try {
      if (!loading_ && !last) fold();
      if (!loading_) export_lists();
      if (!loading_ && !last) forget_some();
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "event=list_work_failed what=\"{}\"", error.what());
      std::this_thread::sleep_for(look_every);
    }
    if (forgetting_.empty() && !last) static_cast<void>(wake_slow_.pop(look_every));
  }
}

void ListDesk::fold() {
  fold_each(state_, [](State& state) -> auto& { return state.lists; });
  fold_each(state_, [](State& state) -> auto& { return state.names; });
}

// One slice. Reports and decisions want the store as well, so it rests for as long as it worked.
void ListDesk::forget_some() {
  const auto begun = SteadyClock::now();
  if (forgetting_.empty()) {
    if (forgot_at_ && begun < *forgot_at_ + forget_every) return;
    forgot_at_ = begun;
    const auto rules = rules_.read();
    const base::TimePoint now = around_.clock.now();
    state_.with([&](const State& state) {
      const auto add = [&](const std::string& list) {
        forgetting_.push_back({.list = list,
                               .reports_before = now - rules->keep_reports,
                               .history_before = now - rules->keep_history});
      };
      for (const auto& list : state.lists) add(list->name());
      for (const auto& list : state.names) add(list->name());
    });
  }
  const auto done = around_.store.forget_list(forgetting_.front());
  if (!done) {
    base::log(LogLevel::warn, "event=list_not_forgotten what=\"{}\"", done.error().message);
  }
  if (!done || forgetting_.front().done) forgetting_.pop_front();
  std::this_thread::sleep_for(std::clamp<SteadyClock::duration>(
      SteadyClock::now() - begun, milliseconds(1), milliseconds(100)));
}

void ListDesk::export_lists() {
  const auto at = SteadyClock::now();
  if (export_folder_.empty() || !export_due_ || at < exported_at_ + rules_.read()->export_every) {
    return;
  }
  exported_at_ = at;
  export_due_ = false;
  // Copied under the lock, which takes no time, and written behind it: a million lines take some.
  std::vector<std::pair<std::string, listing::LiveList>> networks;
  std::vector<std::pair<std::string, listing::DatasetPointer>> names;
  state_.with([&](const State& state) {
    for (const auto& list : state.lists) {
      if (!list->zone().is_root()) networks.emplace_back(list->zone().to_text(), list->live());
    }
    for (const auto& list : state.names) {
      names.emplace_back(list->zone().to_text(), list->served());
    }
  });
  std::string trouble;
  const auto write = [&](const std::string& file, const std::string& text) {
    const auto written = action::write_file_atomically(export_folder_ + "/" + file, text, 0644);
    if (!written) trouble = written.error().message;
  };
  for (const auto& [zone, live] : networks) {
    write(zone + ".ip4trie", live.export_4());
    write(zone + ".ip6trie", live.export_6());
  }
  for (const auto& [zone, served] : names) {
    write(zone + ".dnset", listing::NameList::export_names(*served));
  }
  const bool news = health_.with([&](Health& health) {
    return std::exchange(health.exports, trouble) != trouble && !trouble.empty();
  });
  if (news) base::log(LogLevel::error, "event=list_not_exported what=\"{}\"", trouble);
  if (!trouble.empty()) export_due_ = true;
}

}  // namespace leumund::apps
