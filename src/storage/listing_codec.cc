#include "storage/listing_codec.h"
#include "storage/stored_time.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace leumund::storage {
namespace {

using nlohmann::json;

constexpr std::size_t text_bytes_max = 64U << 10;

// A list's own text may hold any bytes.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <typename T>
base::Result<T> decode(std::string_view text, const char* what, T (*read)(const json&)) {
  if (text.size() > text_bytes_max) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("a stored {} of {} bytes is over the limit of {}", what,
                                   text.size(), text_bytes_max)};
  }
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("a stored {} cannot be read: {}", what, error.what())};
  }
}

model::Listing listing_of(const json& value) {
  model::Listing out;
  out.place = value.at("place");
  out.list = value.at("list");
  out.since = moment(value.at("since"));
  out.last_seen = moment(value.at("last_seen"));
  if (value.contains("until")) out.until = moment(value.at("until"));
  out.egress = value.value("egress", "");
  out.list_name = value.value("list_name", "");
  out.scope = value.value("scope", "");
  out.mender = value.value("mender", "");
  out.codes = value.value("codes", std::vector<std::string>());
  out.meaning = value.value("meaning", "");
  out.policy = value.value("policy", false);
  out.reason = value.value("reason", "");
  out.addresses = value.value("addresses", std::uint64_t{1});
  out.examples = value.value("examples", std::vector<std::string>());
  out.sends = value.value("sends", true);
  out.proof = value.value("proof", "");
  out.lookup_url = value.value("lookup_url", "");
  out.delist_url = value.value("delist_url", "");
  out.delist_method = value.value("delist_method", "");
  out.predatory = value.value("predatory", false);
  return out;
}

model::ListFault fault_of(const json& value) {
  model::ListFault out;
  out.list = value.at("list");
  out.list_name = value.value("list_name", "");
  out.reason = value.value("reason", "");
  out.since = moment(value.at("since"));
  if (value.contains("until")) out.until = moment(value.at("until"));
  return out;
}

}  // namespace

std::string encode_listing(const model::Listing& listing) {
  json out = {{"place", listing.place},
              {"egress", listing.egress},
              {"list", listing.list},
              {"list_name", listing.list_name},
              {"scope", listing.scope},
              {"mender", listing.mender},
              {"codes", listing.codes},
              {"meaning", listing.meaning},
              {"policy", listing.policy},
              {"reason", listing.reason},
              {"since", micros(listing.since)},
              {"last_seen", micros(listing.last_seen)},
              {"addresses", listing.addresses},
              {"examples", listing.examples},
              {"sends", listing.sends},
              {"proof", listing.proof},
              {"lookup_url", listing.lookup_url},
              {"delist_url", listing.delist_url},
              {"delist_method", listing.delist_method},
              {"predatory", listing.predatory}};
  if (listing.until) out["until"] = micros(*listing.until);
  return dump(out);
}

base::Result<model::Listing> decode_listing(std::string_view text) {
  return decode<model::Listing>(text, "listing", listing_of);
}

std::string encode_list_fault(const model::ListFault& fault) {
  json out = {{"list", fault.list},
              {"list_name", fault.list_name},
              {"reason", fault.reason},
              {"since", micros(fault.since)}};
  if (fault.until) out["until"] = micros(*fault.until);
  return dump(out);
}

base::Result<model::ListFault> decode_list_fault(std::string_view text) {
  return decode<model::ListFault>(text, "fault of a list", fault_of);
}

}  // namespace leumund::storage
