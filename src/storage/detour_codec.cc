#include "storage/detour_codec.h"
#include "storage/stored_name.h"
#include "storage/stored_time.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace leumund::storage {
namespace {

using nlohmann::json;
using Held = StoredDetours::Held;

model::MailClass class_named(std::string_view name) {
  for (std::size_t i = 0; i < model::mail_classes; ++i) {
    const auto mail_class = static_cast<model::MailClass>(i);
    if (model::mail_class_name(mail_class) == name) return mail_class;
  }
  return model::MailClass::unknown;
}

json json_of(const Held& held) {
  json also = json::array();
  for (const auto& [key, count] : held.also) also.push_back({key.first, key.second, count});
  return {held.provider,
          held.queue.host,
          held.queue.instance,
          held.queue.queue_id,
          stored_subject(held.subject),
          held.pool,
          model::mail_class_name(held.mail_class),
          held.for_room,
          held.recipients,
          std::move(also)};
}

Held held_of(const json& one) {
  auto subject = subject_of_stored(one.at(4).get<std::string>());
  // Whose mail it is may not be known; forgotten, it would stay on hold for good.
  Held held{one.at(0),
            {one.at(1), one.at(2), one.at(3)},
            subject ? std::move(*subject) : model::Subject()};
  if (one.size() > 8) {  // files of earlier versions have less
    held.pool = one.at(5);
    held.mail_class = class_named(one.at(6).get<std::string>());
    held.for_room = one.at(7);
    held.recipients = one.at(8);
  }
  if (one.size() > 9) {
    for (const json& other : one.at(9)) held.also[{other.at(0), other.at(1)}] = other.at(2);
  }
  return held;
}

}  // namespace

std::string encode_detour(const model::Detour& detour) {
  json out = {{"provider", detour.provider},
              {"phase", model::detour_phase_name(detour.phase)},
              {"home", detour.home},
              {"via", detour.via},
              {"reason", detour.reason},
              {"since", micros(detour.since)},
              {"began_at", micros(detour.began_at)},
              {"by", detour.by},
              {"by_hand", detour.by_hand},
              {"kept_off", detour.kept_off},
              {"planned", detour.planned},
              {"cap", detour.cap},
              {"delivered", detour.delivered},
              {"delivered_all", detour.delivered_all},
              {"hour", micros(detour.hour)},
              {"warm_hours", detour.warm_hours},
              {"probe_pause", detour.probe_pause.count()},
              {"next_probe_at", micros(detour.next_probe_at)},
              {"probes_accepted", detour.probes_accepted},
              {"probes_refused", detour.probes_refused}};
  if (!detour.pool.empty()) out["pool"] = detour.pool;
  if (!detour.counted.empty()) out["counted"] = detour.counted;
  if (detour.home_took_at != base::TimePoint()) out["home_took_at"] = micros(detour.home_took_at);
  if (!detour.warning.empty()) out["warning"] = detour.warning;
  if (detour.probe) {
    out["probe"] = {detour.probe->queue.host, detour.probe->queue.instance,
                    detour.probe->queue.queue_id, micros(detour.probe->at),
                    detour.probe->recipient};
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

base::Result<model::Detour> decode_detour(std::string_view text) {
  try {
    const json value = json::parse(text);
    model::Detour out;
    const auto phase = model::parse_detour_phase(value.at("phase").get<std::string>());
    if (!phase) {
      return base::Error{base::ErrorCode::malformed, "a stored detour is in no known phase"};
    }
    out.provider = value.at("provider");
    out.pool = value.value("pool", "");
    out.phase = *phase;
    out.home = value.at("home");
    out.via = value.at("via");
    out.counted = value.value("counted", out.via);  // earlier files have none
    out.reason = value.at("reason");
    out.since = moment(value.at("since"));
    out.began_at = moment(value.at("began_at"));
    out.by = value.at("by");
    out.by_hand = value.at("by_hand");
    out.kept_off = value.at("kept_off");
    out.planned = value.at("planned");
    out.cap = value.at("cap");
    out.delivered = value.at("delivered");
    out.delivered_all = value.at("delivered_all");
    out.hour = moment(value.at("hour"));
    out.warm_hours = value.at("warm_hours");
    out.probe_pause = std::chrono::seconds(value.at("probe_pause").get<std::int64_t>());
    out.next_probe_at = moment(value.at("next_probe_at"));
    out.probes_accepted = value.at("probes_accepted");
    out.probes_refused = value.at("probes_refused");
    out.warning = value.value("warning", "");
    if (const auto at = value.find("home_took_at"); at != value.end()) {
      out.home_took_at = moment(*at);
    }
    if (const auto probe = value.find("probe"); probe != value.end()) {
      out.probe =
          model::DetourProbe{{probe->at(0), probe->at(1), probe->at(2)}, moment(probe->at(3))};
      if (probe->size() > 4) out.probe->recipient = probe->at(4);  // earlier files have none
    }
    return out;
  } catch (const json::exception& error) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("a stored detour cannot be read: {}", error.what())};
  }
}

std::string encode_detours(const StoredDetours& stored) {
  json detours = json::array();
  for (const auto& one : stored.detours) detours.push_back(json::parse(encode_detour(one)));
  json held = json::array();
  for (const auto& one : stored.held) held.push_back(json_of(one));
  json holding = json::array();
  for (const auto& [id, one] : stored.holding) holding.push_back({id, json_of(one)});
  const json out = {{"detours", std::move(detours)},
                    {"held", std::move(held)},
                    {"holding", std::move(holding)},
                    {"returning", stored.returning}};
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

base::Result<StoredDetours> decode_detours(std::string_view text) {
  try {
    const json value = json::parse(text);
    StoredDetours out;
    const auto read_each = [&](const char* name, const json& entries, auto&& read) {
      std::size_t number = 0;
      for (const json& one : entries) {
        ++number;
        try {
          read(one);
        } catch (const json::exception& error) {
          out.unreadable.push_back(fmt::format("{} {}: {}", name, number, error.what()));
        }
      }
    };
    read_each("detour", value.at("detours"), [&](const json& one) {
      auto detour = decode_detour(one.dump());
      if (detour) {
        out.detours.push_back(std::move(*detour));
      } else {
        const auto provider = one.is_object() ? one.find("provider") : one.end();
        const std::string whose = provider != one.end() ? provider->dump() : "of an unknown one";
        out.unreadable.push_back(fmt::format("detour {}: {}", whose, detour.error().message));
      }
    });
    read_each("held mail", value.at("held"),
              [&](const json& one) { out.held.push_back(held_of(one)); });
    if (const auto at = value.find("holding"); at != value.end()) {  // earlier files have none
      read_each("mail to be held", *at,
                [&](const json& one) { out.holding.emplace_back(one.at(0), held_of(one.at(1))); });
    }
    if (const auto at = value.find("returning"); at != value.end()) {  // earlier files have none
      read_each("return", *at, [&](const json& one) {
        out.returning.push_back(one.get<std::pair<std::string, std::string>>());
      });
    }
    return out;
  } catch (const json::exception& error) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("stored detours cannot be read: {}", error.what())};
  }
}

}  // namespace leumund::storage
