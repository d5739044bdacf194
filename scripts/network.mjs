/** WebRTC connects peers over any network but loopback; where a machine has no other, tests make one. */
import { networkInterfaces } from 'node:os'

/**
 * The command that runs `command` where two peers on this machine can connect: as it is, or in a network
 * namespace of its own, with a pair of virtual interfaces, on Linux machines that have loopback alone.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
export function onNetwork(command, args) {
  const addresses = Object.values(networkInterfaces()).flat()
  if (process.platform !== 'linux' || addresses.some((address) => address?.internal === false))
    return [command, [...args]]
  const setUp =
    'ip link set lo up && ip link add gigi0 type veth peer name gigi1 && ip address add 192.0.2.1/24 dev gigi0 && ' +
    'ip link set gigi0 up && ip link set gigi1 up && ip route add default dev gigi0 && exec "$@"'
  // Whoever is not root becomes it in a namespace of users.
  const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return ['unshare', [...users, '--net', 'sh', '-c', setUp, 'sh', command, ...args]]
}
