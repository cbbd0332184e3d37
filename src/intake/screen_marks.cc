#include "intake/screen_marks.h"

namespace leumund::intake {

void ScreenMarks::note(const base::IpAddress& client, std::string header, Moment good_until) {
  state_.with([&](State& state) {
    state.marks.insert_or_assign(client, Mark{std::move(header), good_until, ++state.last});
    state.order.emplace_back(client, state.last);
    while (state.order.size() > most) {
      const auto [oldest, number] = state.order.front();
      state.order.pop_front();
      const auto known = state.marks.find(oldest);
      if (known != state.marks.end() && known->second.number == number) state.marks.erase(known);
    }
  });
}

std::optional<std::string> ScreenMarks::find(const base::IpAddress& client, Moment now) const {
  return state_.with([&](const State& state) -> std::optional<std::string> {
    const auto known = state.marks.find(client);
    if (known == state.marks.end() || known->second.good_until <= now) return std::nullopt;
    return known->second.header;
  });
}

}  // namespace leumund::intake
