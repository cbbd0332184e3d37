#include "storage/memory_store.h"

#include <algorithm>

namespace leumund::storage {

using model::DecisionKind;

base::Status MemoryStore::save(const Checkpoint& checkpoint) {
  state_.with([&](State& state) {
    for (const auto& record : checkpoint.records) {
      if (record.state.empty()) {
        state.ledger.erase(record.subject);
      } else {
        state.ledger[record.subject] = record.state;
      }
    }
    for (const auto& [name, value] : checkpoint.marks) state.marks[name] = value;
    for (const auto& mail : checkpoint.queue) {
      if (mail.subject.empty()) {
        state.queue.erase(mail.queue);
      } else {
        state.queue[mail.queue] = mail;
      }
    }
  });
  return {};
}

base::Result<std::vector<model::QueuedMail>> MemoryStore::load_queue(std::size_t most) {
  return state_.with([most](State& state) {
    std::vector<model::QueuedMail> all;
    for (const auto& [key, mail] : state.queue) all.push_back(mail);
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.since < b.since; });
    if (all.size() > most) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    return all;
  });
}

base::Result<std::vector<model::QueuedMail>> MemoryStore::queued_of(const model::Subject& subject,
                                                                    const model::QueueKey& after,
                                                                    std::size_t most) {
  const std::string name = subject.to_string();
  return state_.with([&](State& state) {
    std::vector<model::QueuedMail> out;
    for (auto at = state.queue.upper_bound(after); at != state.queue.end() && out.size() < most;
         ++at) {
      if (at->second.subject == name || at->second.campaign == name) out.push_back(at->second);
    }
    return out;
  });
}

base::Result<std::vector<model::QueuedMail>> MemoryStore::queued_after(const model::QueueKey& after,
                                                                       std::size_t most) {
  return state_.with([&](State& state) {
    std::vector<model::QueuedMail> out;
    for (auto at = state.queue.upper_bound(after); at != state.queue.end() && out.size() < most;
         ++at)
      out.push_back(at->second);
    return out;
  });
}

base::Result<QueueRecords> MemoryStore::queue_records() {
  return state_.with([](State& state) {
    QueueRecords records{.mails = state.queue.size()};
    for (const auto& [key, mail] : state.queue) {
      if (!mail.campaign.empty()) ++records.of_campaigns[mail.campaign];
    }
    return records;
  });
}

base::Result<std::uint64_t> MemoryStore::forget_queued(std::uint64_t keep) {
  return state_.with([keep](State& state) {
    if (state.queue.size() <= keep) return std::uint64_t{0};
    const std::uint64_t gone = state.queue.size() - keep;
    std::vector<std::pair<base::TimePoint, model::QueueKey>> all;
    for (const auto& [key, mail] : state.queue) all.emplace_back(mail.since, key);
    std::ranges::sort(all);
    for (std::uint64_t i = 0; i < gone; ++i) state.queue.erase(all[i].second);
    return gone;
  });
}

base::Status MemoryStore::replace_standing(const action::StandingRecord& standing) {
  state_.with([&](State& state) {
    state.standing.clear();
    for (const auto& restriction : standing.restrictions) {
      const auto beneath = standing.beneath.find(restriction.subject);
      state.standing[restriction.subject] = {
          restriction,
          beneath == standing.beneath.end() ? std::vector<model::Restriction>() : beneath->second,
          {}};
    }
    for (const auto& [subject, attempts] : standing.attempts) {
      const auto it = state.standing.find(subject);
      if (it != state.standing.end()) it->second.attempts = attempts;
    }
    state.exempt.clear();
    for (const auto& subject : standing.exempt) state.exempt[subject] = true;
    state.last_number = std::max(state.last_number, standing.last_number);
  });
  return {};
}

base::Status MemoryStore::load(
    const std::function<void(std::string_view subject, std::string_view state)>& visit) {
  state_.with([&](State& state) {
    for (const auto& [subject, record] : state.ledger) visit(subject, record);
  });
  return {};
}

base::Result<std::map<std::string, std::string>> MemoryStore::load_marks() {
  return state_.with([](State& state) { return state.marks; });
}

void MemoryStore::apply(State& state, const model::Decision& decision) {
  if (!decision.record.empty()) state.ledger[decision.subject.to_string()] = decision.record;
  switch (decision.kind) {
    case DecisionKind::restricted:
    case DecisionKind::extended: {
      Standing& standing = state.standing[decision.subject];
      standing.restriction = decision.restriction;
      standing.beneath = decision.beneath;
      break;
    }
    case DecisionKind::released:
    case DecisionKind::ended: state.standing.erase(decision.subject); break;
    case DecisionKind::exempted: state.exempt[decision.subject] = true; break;
    case DecisionKind::exemption_ended: state.exempt.erase(decision.subject); break;
    case DecisionKind::would_restrict:
    case DecisionKind::announced:
    case DecisionKind::alarm:
    case DecisionKind::provider_refuses:
    case DecisionKind::provider_accepts:
    case DecisionKind::detour:
    case DecisionKind::would_detour:
    case DecisionKind::listed:
    case DecisionKind::delisted:
    case DecisionKind::list_fault:
    case DecisionKind::list_well:
    case DecisionKind::setup_fault:
    case DecisionKind::setup_well:
    case DecisionKind::case_opened:
    case DecisionKind::case_closed:
    case DecisionKind::case_reopened:
    case DecisionKind::case_due: break;
  }
}

base::Status MemoryStore::commit(std::span<const model::Decision> decisions) {
  state_.with([&](State& state) {
    for (const auto& decision : decisions) {
      const auto at = std::lower_bound(
          state.decisions.begin(), state.decisions.end(), decision.number,
          [](const model::Decision& one, std::uint64_t number) { return one.number < number; });
      if (at != state.decisions.end() && at->number == decision.number) {
        *at = decision;
      } else {
        state.decisions.insert(at, decision);
      }
      if (state.decisions.size() > decisions_max) state.decisions.pop_front();
      state.last_number = std::max(state.last_number, decision.number);
      apply(state, decision);
    }
  });
  return {};
}

base::Result<action::StandingRecord> MemoryStore::load_standing() {
  return state_.with([](State& state) {
    action::StandingRecord out;
    for (const auto& [subject, standing] : state.standing) {
      out.restrictions.push_back(standing.restriction);
      if (!standing.beneath.empty()) out.beneath[subject] = standing.beneath;
      if (standing.attempts.recipients > 0) out.attempts.emplace_back(subject, standing.attempts);
    }
    for (const auto& [subject, on] : state.exempt) out.exempt.push_back(subject);
    out.last_number = state.last_number;
    for (const auto& decision : state.decisions) {
      const bool acted = decision.kind == model::DecisionKind::restricted;
      if (decision.unattended && acted) out.unattended_at.push_back(decision.at);
    }
    return out;
  });
}

base::Result<std::vector<model::Decision>> MemoryStore::decisions(std::uint64_t after,
                                                                  std::size_t limit) {
  return state_.with([&](State& state) {
    std::vector<model::Decision> out;
    for (const auto& decision : state.decisions) {
      if (decision.number > after && out.size() < limit) out.push_back(decision);
    }
    return out;
  });
}

base::Result<std::vector<model::Decision>> MemoryStore::decisions_about(
    const model::Subject& subject, std::size_t limit) {
  return state_.with([&](State& state) {
    std::vector<model::Decision> out;
    for (auto it = state.decisions.rbegin(); it != state.decisions.rend() && out.size() < limit;
         ++it) {
      if (it->subject == subject) out.push_back(*it);
    }
    return out;
  });
}

base::Status MemoryStore::save_attempts(
    std::span<const std::pair<model::Subject, action::Attempts>> attempts) {
  state_.with([&](State& state) {
    for (const auto& [subject, tried] : attempts) {
      const auto it = state.standing.find(subject);
      if (it != state.standing.end()) it->second.attempts = tried;
    }
  });
  return {};
}

base::Result<std::uint64_t> MemoryStore::forget_decisions(base::TimePoint before) {
  return state_.with([&](State& state) {
    const auto last = state.last_number;
    return static_cast<std::uint64_t>(std::erase_if(state.decisions, [&](const auto& decision) {
      return decision.at < before && decision.number < last &&
             !state.standing.contains(decision.subject);
    }));
  });
}

base::Status MemoryStore::save_cases(const action::CaseSave& save) {
  state_.with([&](State& state) {
    for (const model::Case& one : save.changed) state.cases[one.number] = one;
    for (const std::uint64_t number : save.forgotten) state.cases.erase(number);
    state.case_progress = save.progress;
  });
  return {};
}

base::Result<action::CaseRecord> MemoryStore::load_cases() {
  return state_.with([](State& state) {
    action::CaseRecord out;
    for (const auto& [number, one] : state.cases) out.cases.push_back(one);
    out.progress = state.case_progress;
    return out;
  });
}

}  // namespace leumund::storage
