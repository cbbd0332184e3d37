#include "net/datagram_batch.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace leumund::net {
namespace {

constexpr int receive_buffer_bytes = 4 * 1024 * 1024;  // as far as the system allows
constexpr suseconds_t wait_micros = 200'000;
constexpr std::size_t busy_from = 8;
constexpr long fill_nanos = 60'000;
constexpr unsigned long timer_slack_nanos = 5'000;  // else 60 us are 110
constexpr std::size_t segments_max = 64;            // what every kernel with UDP_SEGMENT takes
constexpr std::size_t joined_bytes_max = 60'000;
constexpr unsigned length_bits = 11;
constexpr std::uint64_t length_mask = (std::uint64_t{1} << length_bits) - 1;

base::Error failed(const char* what, const SocketAddress& where) {
  return {base::ErrorCode::unavailable,
          fmt::format("cannot {} udp {}: {}", what, where.to_string(), std::strerror(errno))};
}

// An answer leaves by whatever interface routes to the asker, not by the one that was asked on.
void forget_interface(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(part), &info, sizeof info);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(part), &info, sizeof info);
    }
  }
}

}  // namespace

base::Result<std::unique_ptr<DatagramBatch>> DatagramBatch::open(const SocketAddress& where) {
  std::unique_ptr<DatagramBatch> batch(new DatagramBatch);
  batch->fd_ = Descriptor(::socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int fd = batch->fd_.get();
  if (fd < 0) return failed("open a socket for", where);
  const int on = 1;
  const timeval wait{0, wait_micros};
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (where.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  batch->wildcard_ = where.is_wildcard();
  if (batch->wildcard_ && where.family() == AF_INET) {
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  } else if (batch->wildcard_) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  }
  if (bind(fd, where.get(), where.size()) != 0) return failed("bind", where);
  const int probe = 0;  // no segments by themselves, only where a message says so
  batch->segments_ = setsockopt(fd, SOL_UDP, UDP_SEGMENT, &probe, sizeof probe) == 0;
  if (!batch->bound_.of_own(fd)) return failed("read the address of", where);
  for (std::size_t i = 0; i < batch_max; ++i) batch->prepare(i);
  return batch;
}

void DatagramBatch::prepare(std::size_t i) {
  Slot& slot = slots_[i];
  slot.vector = {slot.bytes.data(), slot.bytes.size()};
  msghdr& message = in_[i].msg_hdr;
  message.msg_name = slot.peer.get();
  message.msg_namelen = SocketAddress::room;
  message.msg_iov = &slot.vector;
  message.msg_iovlen = 1;
  message.msg_control = wildcard_ ? slot.control.data() : nullptr;
  message.msg_controllen = wildcard_ ? slot.control.size() : 0;
  message.msg_flags = 0;
}

std::size_t DatagramBatch::receive() {
  reply_count_ = 0;
  int received = recvmmsg(fd_.get(), in_.data(), batch_max, MSG_WAITFORONE, nullptr);
  received_ = received > 0 ? static_cast<std::size_t>(received) : 0;
  if (received_ > 0 && received_ < batch_max && busy_) {
    if (!std::exchange(slack_set_, true)) prctl(PR_SET_TIMERSLACK, timer_slack_nanos);
    const timespec moment{0, fill_nanos};
    nanosleep(&moment, nullptr);
    received = recvmmsg(fd_.get(), in_.data() + received_,
                        static_cast<unsigned>(batch_max - received_), MSG_DONTWAIT, nullptr);
    if (received > 0) received_ += static_cast<std::size_t>(received);
  }
  busy_ = received_ >= busy_from;
  return received_;
}

std::span<const std::uint8_t> DatagramBatch::datagram(std::size_t i) const {
  return {slots_[i].bytes.data(), in_[i].msg_len};
}

bool DatagramBatch::cut(std::size_t i) const { return (in_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0; }

// Whom datagram i came from and, where that is needed, to which of our addresses. What has one key
// is compared before it is joined.
std::uint64_t DatagramBatch::key_of(std::size_t i) const {
  const auto mixed = [](std::uint64_t known, std::uint64_t more) {
    return (known ^ more) * 0x9e3779b97f4a7c15;
  };
  const sockaddr* peer = slots_[i].peer.get();
  std::uint64_t key = 0;
  if (peer->sa_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(peer);
    key = std::uint64_t{four->sin_addr.s_addr} << 16 | four->sin_port;
  } else {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(peer);
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), &six->sin6_addr, sizeof halves);
    key = mixed(mixed(six->sin6_port, halves[0]), halves[1]);
  }
  const msghdr& message = in_[i].msg_hdr;
  for (std::size_t at = 0; at + 8 <= message.msg_controllen; at += 8) {
    std::uint64_t part = 0;
    std::memcpy(&part, slots_[i].control.data() + at, sizeof part);
    key = mixed(key, part);
  }
  return key;
}

void DatagramBatch::reply(std::size_t i, std::size_t bytes) {
  slots_[i].vector.iov_len = bytes;
  if (wildcard_) forget_interface(in_[i].msg_hdr);
  replies_[reply_count_++] = {key_of(i) << length_bits | (length_mask - (bytes & length_mask)),
                              static_cast<std::uint32_t>(i)};
}

bool DatagramBatch::same_place(std::size_t a, std::size_t b) const {
  const msghdr& one = in_[a].msg_hdr;
  const msghdr& other = in_[b].msg_hdr;
  return one.msg_namelen == other.msg_namelen && one.msg_controllen == other.msg_controllen &&
         std::memcmp(one.msg_name, other.msg_name, one.msg_namelen) == 0 &&
         (one.msg_controllen == 0 ||
          std::memcmp(one.msg_control, other.msg_control, one.msg_controllen) == 0);
}

void DatagramBatch::form_groups() {
  const auto begin = replies_.begin();
  if (segments_) {
    std::sort(begin, begin + static_cast<std::ptrdiff_t>(reply_count_),
              [](const Reply& a, const Reply& b) { return a.key < b.key; });
  }
  group_count_ = 0;
  for (std::size_t at = 0; at < reply_count_;) {
    const Reply& first = replies_[at];
    const std::size_t bytes = slots_[first.slot].vector.iov_len;
    const std::size_t most =
        !segments_ || bytes == 0 ? 1 : std::min(segments_max, joined_bytes_max / bytes);
    std::size_t end = at;
    bool shorter = false;  // the last piece may be
    for (; end < reply_count_ && end - at < most && !shorter; ++end) {
      const Reply& next = replies_[end];
      shorter = next.key != first.key;
      if (shorter && next.key >> length_bits != first.key >> length_bits) break;
      if (!same_place(first.slot, next.slot)) break;
      pieces_[end] = slots_[next.slot].vector;
    }
    groups_[group_count_].first = at;
    groups_[group_count_].count = end - at;
    put_group(group_count_++);
    at = end;
  }
}

void DatagramBatch::put_group(std::size_t number) {
  Group& group = groups_[number];
  msghdr& message = out_[number].msg_hdr;
  message = in_[replies_[group.first].slot].msg_hdr;
  message.msg_flags = 0;
  message.msg_iov = &pieces_[group.first];
  message.msg_iovlen = group.count;
  if (group.count == 1) return;
  const std::size_t before = message.msg_controllen;
  if (before > 0) std::memcpy(group.control.data(), message.msg_control, before);
  cmsghdr part{};
  part.cmsg_level = SOL_UDP;
  part.cmsg_type = UDP_SEGMENT;
  part.cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto bytes = static_cast<std::uint16_t>(pieces_[group.first].iov_len);
  std::memcpy(group.control.data() + before, &part, sizeof part);
  std::memcpy(group.control.data() + before + sizeof part, &bytes, sizeof bytes);
  message.msg_control = group.control.data();
  message.msg_controllen = before + CMSG_SPACE(sizeof bytes);
}

// Where the way to the asker takes no such length at once, or none can be cut: one after the other.
void DatagramBatch::send_singly(const Group& group) {
  for (std::size_t i = 0; i < group.count; ++i) {
    const std::size_t slot = replies_[group.first + i].slot;
    msghdr message = in_[slot].msg_hdr;
    message.msg_flags = 0;
    while (sendmsg(fd_.get(), &message, 0) < 0) {
      if (errno == EINTR) continue;
      ++unsent_;
      break;
    }
  }
}

void DatagramBatch::send() {
  form_groups();
  for (std::size_t done = 0; done < group_count_;) {
    const int sent =
        sendmmsg(fd_.get(), out_.data() + done, static_cast<unsigned>(group_count_ - done), 0);
    if (sent > 0) {
      for (const Group& group : std::span(groups_).subspan(done, static_cast<std::size_t>(sent))) {
        if (group.count > 1) joined_ += group.count;
      }
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      if (groups_[done].count > 1) {
        send_singly(groups_[done]);
      } else {
        ++unsent_;  // this one cannot be sent
      }
      ++done;
    }
  }
  reply_count_ = 0;
  for (std::size_t i = 0; i < received_; ++i) prepare(i);
  received_ = 0;
}

}  // namespace leumund::net
