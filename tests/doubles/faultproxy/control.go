package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

// control is the way in for tests.
//
//	POST   /rules                 adds a rule (JSON); the newest that matches wins
//	DELETE /rules?name=           removes rules, all without a name; what they hold goes on
//	GET    /matched?name=         how many requests rules of that name applied to
//	GET    /requests?since=N      the requests from the Nth on
//	GET    /open?path=            how many answers to matching requests are under way
//	POST   /cut?path=[&abrupt=1]  ends them
//	POST   /silence?path=         keeps them open and passes nothing on
//	POST   /inject?path=          puts the body of this request into them
//	POST   /identity              shows this certificate from now on, and ends all connections
func (p *proxy) control() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rules", p.addRule)
	mux.HandleFunc("DELETE /rules", func(w http.ResponseWriter, request *http.Request) {
		p.rules.remove(request.FormValue("name"))
	})
	mux.HandleFunc("GET /matched", func(w http.ResponseWriter, request *http.Request) {
		answerJSON(w, p.rules.matched(request.FormValue("name")))
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, request *http.Request) {
		since, _ := strconv.Atoi(request.FormValue("since"))
		answerJSON(w, p.journal.since(since))
	})
	mux.HandleFunc("GET /open", p.toStreams(func(*stream, *http.Request) {}))
	mux.HandleFunc("POST /cut", p.toStreams(func(s *stream, request *http.Request) {
		s.cut(request.URL.Query().Get("abrupt") != "")
	}))
	mux.HandleFunc("POST /silence", p.toStreams(func(s *stream, request *http.Request) { s.silence() }))
	mux.HandleFunc("POST /inject", p.inject)
	return mux
}

func (p *proxy) addRule(w http.ResponseWriter, request *http.Request) {
	r := &rule{}
	decoder := json.NewDecoder(request.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(r)
	if err == nil {
		err = p.rules.add(r)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// toStreams does something to each matching answer and says to how many.
func (p *proxy) toStreams(do func(*stream, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		path, err := regexp.Compile(request.URL.Query().Get("path"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		found := p.streams.matching(path)
		for _, s := range found {
			do(s, request)
		}
		answerJSON(w, len(found))
	}
}

func (p *proxy) inject(w http.ResponseWriter, request *http.Request) {
	text, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.toStreams(func(s *stream, _ *http.Request) { s.inject(string(text)) })(w, request)
}

func answerJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
