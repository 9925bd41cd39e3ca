// A client of gainsay in one page: registers of the key-value server in kv_server.py. docs/CLIENT.md is the protocol.
//
//	go build -o client examples/client.go && gainsay test --client ./client --client-option port=7000
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

type message struct {
	Type, Protocol, Address, Run, F string // names match whatever their case
	Timeout                         int    `json:"timeout_ms"`
	Options                         map[string]string
	Key                             json.Number
	ID, Value                       json.RawMessage // kept as they came, so that every integer stays exact
}
type answer map[string]any

var hello, server, lines = message{}, net.Conn(nil), (*bufio.Reader)(nil)

func greet(m message) answer {
	if m.Protocol != "gainsay-client/1" {
		return answer{"type": "fail", "code": "not-supported", "text": "this client speaks gainsay-client/1"}
	}
	var err error
	hello = m // the server is given up before gainsay gives us up
	server, err = net.DialTimeout("tcp", net.JoinHostPort(m.Address, m.Options["port"]), limit())
	if err != nil {
		return answer{"type": "fail", "code": "node-not-found", "text": err.Error()}
	}
	lines = bufio.NewReader(server)
	return answer{"type": "ready", "protocol": "gainsay-client/1", "client": "go example"}
}

func limit() time.Duration { return time.Duration(hello.Timeout) * time.Millisecond * 8 / 10 }

func invoke(m message) answer {
	name := hello.Run + "/" + m.Key.String() // what `run` names is ours alone
	words := strings.NewReplacer("[", "", "]", "", ",", " ").Replace(string(m.Value))
	request, known := map[string]string{"read": "get " + name, "write": "put " + name + " " + words, "cas": "cas " + name + " " + words}[m.F]
	if !known {
		return answer{"type": "fail", "code": "not-supported", "text": "no function " + m.F}
	}
	server.SetDeadline(time.Now().Add(limit()))
	fmt.Fprintln(server, request)
	said, err := lines.ReadString('\n')
	if err != nil { // in doubt: nobody knows
		return answer{"type": "info", "code": "timeout", "text": err.Error()}
	}
	switch reply := strings.Fields(said); reply[0] {
	case "differs":
		return answer{"type": "fail", "code": "precondition-failed"}
	case "value":
		return answer{"type": "ok", "value": json.RawMessage(reply[1])}
	}
	return answer{"type": "ok", "value": m.Value}
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout) // writes a line at a time
	for line, err := in.ReadBytes('\n'); err == nil; line, err = in.ReadBytes('\n') {
		var m message
		if json.Unmarshal(line, &m) != nil {
			out.Encode(answer{"id": nil, "type": "fail", "code": "malformed-request"})
			continue
		}
		reply := map[bool]func(message) answer{true: greet, false: invoke}[m.Type == "hello"](m)
		reply["id"] = m.ID
		out.Encode(reply)
	}
}
