#include "evidence/block_cell_codec.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace leumund::evidence {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t record_bytes_max = 64U << 10;
constexpr std::size_t name_bytes_max = 255;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void time(base::TimePoint at) {
    const std::int64_t micros = at.time_since_epoch().count();
    number((static_cast<std::uint64_t>(micros) << 1) ^ static_cast<std::uint64_t>(micros >> 63));
  }
  void real(float value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof bytes);
  }
  void text(std::string_view text) {
    number(text.size());
    out_ += text;
  }

 private:
  std::string& out_;
};

// Once the record has ended or a value is out of its bounds all later reads give zeros, and
// failed() tells.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  std::uint64_t number(std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) return fail();
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value <= most ? value : fail();
    }
    return fail();
  }
  bool flag() { return number(1) == 1; }
  void time(base::TimePoint& at) {
    // Within 3,000 years around 1970, so that no sum of a time and a span overflows.
    constexpr std::int64_t most = 94'608'000'000'000'000;
    const std::uint64_t value = number(std::numeric_limits<std::uint64_t>::max());
    std::int64_t micros =
        static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    if (micros > most || micros < -most) micros = static_cast<std::int64_t>(fail());
    at = base::TimePoint(base::Micros(micros));
  }
  void real(float& value, float least, float most) {
    value = 0;
    if (in_.size() < sizeof value) {
      fail();
      return;
    }
    float read = 0;
    std::memcpy(&read, in_.data(), sizeof read);
    in_.remove_prefix(sizeof read);
    if (!std::isfinite(read) || read < least || read > most) {
      fail();
    } else {
      value = read;
    }
  }
  void text(std::string& out, std::size_t most) {
    const std::size_t size = number(most);
    if (in_.size() < size) {
      fail();
      return;
    }
    out.assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool ended() const { return in_.empty(); }

 private:
  std::uint64_t fail() {
    failed_ = true;
    in_ = {};
    return 0;
  }

  std::string_view in_;
  bool failed_ = false;
};

constexpr float sum_most = 1e6F;
constexpr float count_most = 1e12F;

void write_test(Writer& writer, const BlockTest& test) {
  writer.number(static_cast<std::uint64_t>(test.state));
  for (const float sum : test.against) writer.real(sum);
  for (const float sum : {test.for_open, test.share_then, test.slot_added}) writer.real(sum);
  writer.time(base::TimePoint(base::Micros(test.slot)));
  for (const float count : {test.tried, test.refused, test.usual_tried, test.usual_blocked,
                            test.usual_slowed, test.new_blocked, test.new_slowed}) {
    writer.real(count);
  }
  writer.number(test.one_account ? 1 : 0);
  writer.number(test.others_passed ? 1 : 0);
  writer.time(test.at);
  writer.time(test.changed_at);
}

void read_test(Reader& reader, BlockTest& test) {
  test.state = static_cast<model::CellState>(
      reader.number(static_cast<std::uint64_t>(model::CellState::half_open)));
  for (float& sum : test.against) reader.real(sum, 0, sum_most);
  reader.real(test.for_open, 0, sum_most);
  reader.real(test.share_then, 0, 1);
  reader.real(test.slot_added, 0, sum_most);
  base::TimePoint slot;
  reader.time(slot);
  test.slot = slot.time_since_epoch().count();
  for (float* count : {&test.tried, &test.refused, &test.usual_tried, &test.usual_blocked,
                       &test.usual_slowed, &test.new_blocked, &test.new_slowed}) {
    reader.real(*count, 0, count_most);
  }
  test.one_account = reader.flag();
  test.others_passed = reader.flag();
  reader.time(test.at);
  reader.time(test.changed_at);
}

void write_count(Writer& writer, const DistinctCount& count) {
  writer.number(count.members().size());
  for (const std::uint32_t member : count.members()) writer.number(member);
  writer.number(count.estimate().size());
  for (const std::uint8_t rank : count.estimate()) writer.number(rank);
}

bool read_count(Reader& reader, DistinctCount& count) {
  std::vector<std::uint32_t> members(reader.number(DistinctCount::exact_max));
  for (auto& member : members) member = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  std::vector<std::uint8_t> estimate(reader.number(DistinctCount::registers));
  for (auto& rank : estimate) rank = static_cast<std::uint8_t>(reader.number(UINT8_MAX));
  return !reader.failed() && count.restore(members, estimate);
}

void write_examples(Writer& writer, const std::deque<model::BlockExample>& examples) {
  writer.number(examples.size());
  for (const model::BlockExample& example : examples) {
    writer.time(example.at);
    for (const auto* text : {&example.remote, &example.stage, &example.queue_id, &example.reply}) {
      writer.text(*text);
    }
  }
}

void read_examples(Reader& reader, std::deque<model::BlockExample>& examples, std::size_t most) {
  examples.resize(reader.number(most));
  for (model::BlockExample& example : examples) {
    reader.time(example.at);
    reader.text(example.remote, name_bytes_max);
    reader.text(example.stage, 16);
    reader.text(example.queue_id, 64);
    reader.text(example.reply, block_example_bytes * 2);
  }
}

void write_impact(Writer& writer, const BlockImpact& impact) {
  writer.time(impact.first_refused_at);
  for (const auto* count :
       {&impact.mails, &impact.recipients, &impact.sender_domains, &impact.accounts}) {
    write_count(writer, *count);
  }
  writer.number(impact.refusals_by_list);
  writer.number(impact.refusals);
  writer.number(impact.other_refusals);
  writer.number(impact.account);
  writer.text(impact.listed_address);
  writer.number(impact.lists.size());
  for (const auto& [list, times] : impact.lists) {
    writer.text(list);
    writer.number(times);
  }
  write_examples(writer, impact.examples);
  write_examples(writer, impact.other_examples);
}

bool read_impact(Reader& reader, BlockImpact& impact) {
  reader.time(impact.first_refused_at);
  for (auto* count :
       {&impact.mails, &impact.recipients, &impact.sender_domains, &impact.accounts}) {
    if (!read_count(reader, *count)) return false;
  }
  impact.refusals_by_list = reader.number(UINT64_MAX);
  impact.refusals = reader.number(UINT64_MAX);
  impact.other_refusals = reader.number(UINT64_MAX);
  impact.account = reader.number(UINT64_MAX);
  reader.text(impact.listed_address, 64);
  impact.lists.resize(reader.number(BlockImpact::lists_max));
  for (auto& [list, times] : impact.lists) {
    reader.text(list, name_bytes_max);
    times = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  }
  read_examples(reader, impact.examples, BlockImpact::examples_max);
  read_examples(reader, impact.other_examples, BlockImpact::other_examples_max);
  return !reader.failed();
}

}  // namespace

void encode_block_cell(const BlockCell& cell, std::string& out) {
  Writer writer(out);
  writer.number(format_version);
  write_test(writer, cell.test);
  for (const auto at : {cell.last_refused_at, cell.last_accepted_at, cell.touched_at}) {
    writer.time(at);
  }
  writer.number(cell.recent_next);
  for (const std::uint32_t mark : cell.recent) writer.number(mark);
  writer.number(cell.impact ? 1 : 0);
  if (cell.impact) write_impact(writer, *cell.impact);
}

base::Status decode_block_cell(std::string_view state, BlockCell& cell) {
  using base::Error;
  using base::ErrorCode;
  if (state.size() > record_bytes_max) {
    return Error{ErrorCode::too_large, "a stored cell of the block matrix is over 64 KiB"};
  }
  Reader reader(state);
  if (reader.number(UINT64_MAX) != format_version) {
    return Error{ErrorCode::malformed, "a stored cell of the block matrix is of another version"};
  }
  BlockCell read;
  read_test(reader, read.test);
  for (auto* at : {&read.last_refused_at, &read.last_accepted_at, &read.touched_at}) {
    reader.time(*at);
  }
  read.recent_next = static_cast<std::uint8_t>(reader.number(read.recent.size() - 1));
  for (auto& mark : read.recent) mark = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  const bool hit = reader.flag();
  const bool whole = !reader.failed() && (!hit || read_impact(reader, read.hit()));
  if (!whole || !reader.ended()) {
    return Error{ErrorCode::malformed,
                 "a stored cell of the block matrix breaks off or leaves its bounds"};
  }
  cell = std::move(read);
  return {};
}

}  // namespace leumund::evidence
