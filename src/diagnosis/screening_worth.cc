#include "diagnosis/screening_worth.h"

#include <algorithm>
#include <cmath>

namespace leumund::diagnosis {
namespace {

// Fewer tell nothing.
constexpr std::uint64_t complained_least = 30;
constexpr std::uint64_t listed_least = 20;
constexpr double ridge = 1;
constexpr int steps_max = 30;
constexpr double step_least = 1e-6;
constexpr double odds_that_refuse = 100;
constexpr int usual_refuse_at = 3;  // where scores refuse nothing yet

bool holds(std::uint64_t mask, std::uint32_t row) { return ((mask >> row) & 1U) != 0; }

// Solves a symmetric, positive definite system; `a` row by row, and it is used up.
std::vector<double> solve(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = i + 1; k < n; ++k) {
      const double part = a[k * n + i] / a[i * n + i];
      for (std::size_t j = i; j < n; ++j) a[k * n + j] -= part * a[i * n + j];
      b[k] -= part * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = i + 1; j < n; ++j) b[i] -= a[i * n + j] * b[j];
    b[i] /= a[i * n + i];
  }
  return b;
}

// The coefficients of `rows`; behind them that of everybody. By Newton's steps: the loss is convex.
std::vector<double> fit(const ScreenTally& tally, const std::vector<std::uint32_t>& rows) {
  const std::size_t n = rows.size() + 1;
  std::vector<double> fitted(n, 0.0);
  for (int step = 0; step < steps_max; ++step) {
    std::vector<double> slope(n, 0.0);
    std::vector<double> curve(n * n, 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      slope[i] = -ridge * fitted[i];
      curve[i * n + i] = ridge;
    }
    curve[n * n - 1] = step_least;  // were nobody or everybody complained of
    std::vector<std::size_t> on;
    for (const auto& [mask, alike] : tally) {
      on.clear();
      double sum = fitted[n - 1];
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!holds(mask, rows[i])) continue;
        on.push_back(i);
        sum += fitted[i];
      }
      on.push_back(n - 1);
      const double chance = 1 / (1 + std::exp(-sum));
      const auto all = static_cast<double>(alike.clients);
      for (const std::size_t i : on) {
        slope[i] += static_cast<double>(alike.complained) - all * chance;
        for (const std::size_t j : on) curve[i * n + j] += all * chance * (1 - chance);
      }
    }
    const auto change = solve(std::move(curve), std::move(slope));
    double most = 0;
    for (std::size_t i = 0; i < n; ++i) {
      // A whole step overshoots where hardly anybody was complained of.
      fitted[i] += std::clamp(change[i], -2.0, 2.0);
      most = std::max(most, std::abs(change[i]));
    }
    if (most < step_least) break;
  }
  return fitted;
}

int weight_of(double coefficient, int refuse_at) {
  const int whole = refuse_at > 0 ? refuse_at : usual_refuse_at;
  const double scaled = coefficient * whole / std::log(odds_that_refuse);
  return static_cast<int>(
      std::lround(std::clamp(scaled, -static_cast<double>(whole), static_cast<double>(whole))));
}

void count(const ScreenTally& tally, ScreenWorth& out) {
  for (std::uint32_t i = 0; i < out.lists.size(); ++i) {
    std::vector<std::uint64_t> with(out.lists.size(), 0);
    for (const auto& [mask, alike] : tally) {
      if (!holds(mask, i)) continue;
      out.lists[i].listed += alike.clients;
      out.lists[i].complained += alike.complained;
      for (std::uint32_t k = 0; k < with.size(); ++k) {
        if (k != i && holds(mask, k)) with[k] += alike.clients;
      }
    }
    const auto most = std::ranges::max_element(with);
    if (most == with.end() || *most == 0) continue;
    out.lists[i].shares_with = static_cast<std::uint32_t>(most - with.begin());
    out.lists[i].shared = *most;
  }
}

}  // namespace

void ScreenMemory::forget(base::TimePoint now) {
  while (!order_.empty() &&
         (order_.front().first <= now - remembered_for || order_.size() > clients_max)) {
    clients_.erase(order_.front().second);
    order_.pop_front();
  }
}

void ScreenMemory::note(const base::IpAddress& client, std::span<const std::uint32_t> hits,
                        base::TimePoint at) {
  forget(at);
  const auto [place, is_new] = clients_.try_emplace(client);
  Seen& seen = place->second;
  if (is_new) {
    seen.first = at;
    order_.emplace_back(at, client);
  }
  for (const std::uint32_t row : hits) {
    if (row < rows_max) seen.rows |= std::uint64_t{1} << row;
  }
  forget(at);
}

bool ScreenMemory::complained(const base::IpAddress& client, base::TimePoint at) {
  forget(at);
  const auto found = clients_.find(client);
  if (found == clients_.end()) return false;
  found->second.complained = true;
  return true;
}

ScreenTally ScreenMemory::tally(base::TimePoint now) const {
  ScreenTally out;
  for (const auto& [client, seen] : clients_) {
    if (seen.first <= now - remembered_for) continue;
    ScreenAlike& alike = out[seen.rows];
    ++alike.clients;
    if (seen.complained) ++alike.complained;
  }
  return out;
}

ScreenWorth screen_worth(const ScreenRules& rules, const ScreenTally& tally) {
  ScreenWorth out;
  out.lists.resize(std::min(rules.lists.size(), ScreenMemory::rows_max));
  for (const auto& [mask, alike] : tally) {
    out.clients += alike.clients;
    out.complained += alike.complained;
  }
  count(tally, out);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < out.lists.size(); ++i) {
    if (rules.lists[i].role != ScreenRole::allow && out.lists[i].listed >= listed_least) {
      rows.push_back(i);
    }
  }
  if (out.complained >= complained_least && !rows.empty()) {
    const auto fitted = fit(tally, rows);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      out.lists[rows[k]].weight = weight_of(fitted[k], rules.refuse_at);
    }
  }
  out.lists.resize(rules.lists.size());
  return out;
}

}  // namespace leumund::diagnosis
